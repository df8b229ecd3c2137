// Command parley is a real-time chat server: WebSockets at the edge, actors
// inside, Redis as the shared log and bus.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

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
	for name, setting := range misspelled(env) {
		log.Warn().Str("variable", name).Msg("there is no such setting: is " + setting + " meant?")
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

func openStore(s settings, node string, log zerolog.Logger, registry *prometheus.Registry, volatile bool) (store *redisbridge.Store, closeAll func(), err error) {
	stop := func() {}
	if volatile {
		store, stop, err = redisbridge.OpenEmbedded(s.Redis, node, log, registry)
	} else {
		store, err = redisbridge.Open(s.Redis, node, log, registry)
	}
	return store, func() { _ = store.Close(); stop() }, err
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
