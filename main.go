// Command parley is a real-time chat server: WebSockets at the edge, actors
// inside, Redis as the shared log and bus.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/redisbridge"
	"parley/transport"
)

const (
	// drainLimit is how long clients and what they said last may take when the server
	// is told to end; with stopLimit it ends within 10 s.
	drainLimit = 8 * time.Second
	stopLimit  = time.Second
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	if err := run(ctx, os.Args[1:], environment(os.Environ()), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "parley:", err)
		os.Exit(1)
	}
}

// run is the whole program: it serves until ctx ends, then drains. Tests start it
// too.
func run(ctx context.Context, args []string, env map[string]string, out io.Writer) error {
	s, err := parseSettings(env)
	if len(args) > 0 {
		switch args[0] {
		case "-h", "-help", "--help", "help":
			return usage(out)
		case "healthcheck":
			return transport.Healthcheck(ctx, s.Transport)
		default:
			return fmt.Errorf("unknown argument %q: settings come from the environment, see -h", args[0])
		}
	}
	if err != nil {
		return err
	}
	log, err := newLogger(s, out)
	if err != nil {
		return err
	}
	return serve(ctx, s, log)
}

// serve wires the packages together and runs them until ctx ends.
func serve(ctx context.Context, s settings, log zerolog.Logger) error {
	node := newNodeID()
	log = log.With().Str("node", node).Logger()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	volatile := s.Redis.Addr == "" && s.Redis.AddrFile == ""
	store, closeRedis, err := openStore(s, node, log, registry, volatile)
	if err != nil {
		return err
	}
	defer closeRedis()

	chat, err := actors.New(actors.Options{Settings: s.Actors, Node: node, Bridge: store.Actor, Log: log, Registerer: registry})
	if err != nil {
		return err
	}
	stop := func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		chat.Stop(ctx)
	}
	server, err := transport.New(context.WithoutCancel(ctx), transport.Options{
		Settings: s.Transport, Chat: chat, Ready: store.Ready, Log: log, Registry: registry, Volatile: volatile,
	})
	if err != nil {
		stop()
		return err
	}
	greet(log, server, volatile)
	go func() {
		if err := contain("memory", func() error { return tendMemory(ctx) }); err != nil {
			log.Error().Err(err).Msg("memory is not tended any more")
		}
	}()
	failed := make(chan error, 1)
	go func() { failed <- contain("serve", server.Serve) }()
	select {
	case err := <-failed:
		stop()
		return err
	case <-ctx.Done():
	}
	log.Info().Msg("draining")
	server.Drain()
	drain, cancel := context.WithTimeout(context.Background(), drainLimit)
	defer cancel()
	chat.Drain(drain)
	if err := store.Retire(drain); err != nil {
		log.Debug().Err(err).Msg("lease not shortened") // it runs out by itself
	}
	stop()
	if err := server.Shutdown(drain); err != nil {
		log.Warn().Err(err).Msg("requests cut off")
	}
	log.Info().Msg("stopped")
	return nil
}

// contain makes of a panic of what is done its error, so that actors and Redis' connections
// still end in order, and the program with code 1.
func contain(what string, do func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", what, reason, debug.Stack())
		}
	}()
	return do()
}

func openStore(s settings, node string, log zerolog.Logger, registry *prometheus.Registry, volatile bool) (*redisbridge.Store, func(), error) {
	if volatile {
		store, stop, err := redisbridge.OpenEmbedded(s.Redis, node, log, registry)
		if err != nil {
			return nil, nil, err
		}
		return store, func() { _ = store.Close(); stop() }, nil
	}
	store, err := redisbridge.Open(s.Redis, node, log, registry)
	if err != nil {
		return nil, nil, err
	}
	return store, func() { _ = store.Close() }, nil
}

// greet says where the chat is, and what a first user has to know.
func greet(log zerolog.Logger, server *transport.Server, volatile bool) {
	log.Info().Str("url", server.URL()).Str("admin", server.AdminURL()).
		Msg("Parley is up: open " + server.URL() + " in a browser")
	if volatile {
		log.Warn().Msg("NOTHING IS KEPT OVER A RESTART: this is an embedded, in-memory Redis. Set REDIS_ADDR=host:port to keep the chat, and to run more than one node")
	}
}

// newNodeID names this process among those on the same Redis.
func newNodeID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return hex.EncodeToString(b[:])
}

// settings are all that can be set, each by an environment variable. What one means
// stands at its field, for -h; a test holds the table in docs/settings.md equal to it.
type settings struct {
	LogLevel  string `env:"LOG_LEVEL" envDefault:"info" meaning:"trace, debug, info, warn or error"`
	LogFormat string `env:"LOG_FORMAT" meaning:"json or console (default console on a terminal, else json)"`

	Transport transport.Settings
	Redis     redisbridge.Settings
	Actors    actors.Settings
}

// environment makes a map of KEY=value lines.
func environment(lines []string) map[string]string {
	m := make(map[string]string, len(lines))
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		m[name] = value
	}
	return m
}

// parseSettings reads the settings; an error is one line that names the setting.
func parseSettings(environment map[string]string) (settings, error) {
	var s settings
	environment = maps.Clone(environment)
	eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
		// The library takes the default where there is nothing; a list can be meant to have nothing in it.
		if name := f.Tag.Get("env"); f.Type.Kind() == reflect.Slice && f.Tag.Get("envDefault") != "" {
			if value, set := environment[name]; set && value == "" {
				environment[name] = ","
			}
		}
	})
	err := env.ParseWithOptions(&s, env.Options{Environment: environment})
	var all env.AggregateError
	if errors.As(err, &all) && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	var parse env.ParseError
	if errors.As(err, &parse) {
		name := parse.Name
		eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
			if f.Name == parse.Name {
				name = f.Tag.Get("env")
			}
		})
		return s, fmt.Errorf("%s: not a valid %s", name, parse.Type)
	}
	return s, err
}

// eachSetting tells of the field of every setting, in the order of the fields.
func eachSetting(in reflect.Type, tell func(reflect.StructField)) {
	for field := range in.Fields() {
		if field.Tag.Get("env") != "" {
			tell(field)
		} else if field.Type.Kind() == reflect.Struct {
			eachSetting(field.Type, tell)
		}
	}
}

// usage lists the settings.
func usage(out io.Writer) error {
	_, _ = fmt.Fprint(out, "Parley is a chat server. Its settings come from the environment:\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", f.Tag.Get("env"), f.Tag.Get("envDefault"), f.Tag.Get("meaning"))
	})
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write usage: %w", err)
	}
	_, err := fmt.Fprint(out, "\nparley healthcheck exits with 0 if the server on LISTEN_ADDR lives.\n")
	return err
}

// newLogger logs to out: JSON lines, or what a person likes to read on a terminal.
func newLogger(s settings, out io.Writer) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(s.LogLevel)
	if err != nil || s.LogLevel == "" {
		return zerolog.Nop(), fmt.Errorf("LOG_LEVEL: %q is not trace, debug, info, warn or error", s.LogLevel)
	}
	format := s.LogFormat
	if format == "" {
		format = "json"
		if f, ok := out.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
				format = "console"
			}
		}
	}
	switch format {
	case "json":
	case "console":
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly}
	default:
		return zerolog.Nop(), fmt.Errorf("LOG_FORMAT: %q is neither json nor console", format)
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger(), nil
}
