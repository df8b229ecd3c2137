package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/redisbridge"
	"parley/transport"
)

// settings are all that can be set, each by an environment variable.
type settings struct {
	LogLevel  string `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string `env:"LOG_FORMAT"`

	Transport transport.Settings
	Redis     redisbridge.Settings
	Actors    actors.Settings
}

// meanings say what each setting is, with its unit. A test holds them complete, and
// the table in README.md equal to them.
var meanings = map[string]string{
	"LISTEN_ADDR":            "address of the chat: page, WebSocket, /healthz, /readyz",
	"ADMIN_ADDR":             "address of /metrics, /debug/pprof, /healthz, /readyz; `off` for none (default 127.0.0.1:8081, if it is free)",
	"REDIS_ADDR":             "Redis as host:port, or redis:// or rediss:// URL with user, password and db; empty: an embedded one that keeps nothing",
	"REDIS_ADDR_FILE":        "file that holds REDIS_ADDR",
	"REDIS_CA_FILE":          "PEM file of the authority that signed the certificate of a rediss:// server",
	"LOG_LEVEL":              "trace, debug, info, warn or error",
	"LOG_FORMAT":             "json or console (default console on a terminal, else json)",
	"HISTORY_SIZE":           "public messages sent on connect, 0 to 1000",
	"HISTORY_KEEP":           "messages that the public log and each conversation keep",
	"MAX_TEXT_BYTES":         "longest text of a message in bytes of UTF-8, up to 12288",
	"FRAME_RATE":             "frames a second that a connection may send on average, 10 s of them at once; 0: no limit",
	"MESSAGE_RATE":           "messages a second that a name may send on average over all its connections to a node, 10 s of them at once; 0: no limit",
	"CONVERSATION_RATE":      "conversations a minute that a name may open on average, 10 minutes of them at once; 0: no limit",
	"ALLOWED_ORIGINS":        "origins of other pages that may connect, separated by commas; `*`: all",
	"ALLOW_LISTENERS":        "whether a connection that never joins may stay",
	"JOIN_TIMEOUT":           "how long a connection may take to join where listeners are not allowed",
	"MAX_CONNECTIONS":        "connections to this node; 0: no limit",
	"MAX_CONNECTIONS_PER_IP": "connections from an IPv4 address or an IPv6 /64; 0: no limit (default 100; none from loopback)",
	"CONNECT_RATE_PER_IP":    "new connections a second from an IPv4 address or an IPv6 /64; 0: no limit (default 20; none from loopback)",
	"TRUSTED_PROXIES":        "networks, separated by commas, whose X-Forwarded-For is believed",
	"AUTH_JWT_SECRET":        "HS256 key of signed identities, at least 32 bytes; set, only bearers of a token may connect",
	"AUTH_JWT_SECRET_FILE":   "file that holds AUTH_JWT_SECRET",
	"AUTH_JWKS_URL":          "URL of a key set for signed identities (RS256, ES256, EdDSA)",
	"AUTH_JWKS_FILE":         "file with such a key set; read again when it changes",
	"AUTH_JWT_AUDIENCE":      "audience that a token must be for",
	"AUTH_JWT_ISSUER":        "issuer that a token must be of",
	"AUTH_COOKIE":            "name of a cookie that may carry the token",
	"TLS_CERT_FILE":          "PEM file of the server's certificate, read again when it changes; empty: plain HTTP",
	"TLS_KEY_FILE":           "PEM file of its key",
	"CHAOS_TOKEN":            "token of the pages and paths under /chaos, which kill actors; empty: there are none",
	"CHAOS_TOKEN_FILE":       "file that holds CHAOS_TOKEN",
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
	err := env.ParseWithOptions(&s, env.Options{Environment: environment})
	var all env.AggregateError
	if errors.As(err, &all) && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	var parse env.ParseError
	if errors.As(err, &parse) {
		return s, fmt.Errorf("%s: not a valid %s", settingOf(parse.Name), parse.Type)
	}
	if err != nil {
		return s, err
	}
	return s, s.validate()
}

// settingOf finds the variable of a struct field.
func settingOf(field string) string {
	params, _ := env.GetFieldParams(&settings{})
	key := strings.ReplaceAll(strings.ToLower(field), "_", "")
	for _, p := range params {
		if strings.ReplaceAll(strings.ToLower(p.Key), "_", "") == key {
			return p.Key
		}
	}
	return field
}

const (
	longestText    = 12 << 10 // bytes; with its verb, names and ref it fits a frame
	longestHistory = 1000     // messages
)

func (s settings) validate() error {
	switch {
	case s.Actors.HistorySize < 0 || s.Actors.HistorySize > longestHistory:
		return fmt.Errorf("HISTORY_SIZE is not 0 to %d", longestHistory)
	case s.Redis.HistoryKeep < 1:
		return errors.New("HISTORY_KEEP is not at least 1")
	case s.Actors.MaxTextBytes < 1 || s.Actors.MaxTextBytes > longestText:
		return fmt.Errorf("MAX_TEXT_BYTES is not 1 to %d", longestText)
	case s.Actors.FrameRate < 0:
		return errors.New("FRAME_RATE is negative")
	case s.Actors.MessageRate < 0:
		return errors.New("MESSAGE_RATE is negative")
	case s.Actors.ConversationRate < 0:
		return errors.New("CONVERSATION_RATE is negative")
	case s.Transport.JoinTimeout < 0:
		return errors.New("JOIN_TIMEOUT is negative")
	}
	return nil
}

// usage lists the settings.
func usage(out io.Writer) error {
	params, err := env.GetFieldParams(&settings{})
	if err != nil {
		return fmt.Errorf("list settings: %w", err)
	}
	_, _ = fmt.Fprint(out, "Parley is a chat server. Its settings come from the environment:\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range params {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", p.Key, p.DefaultValue, meanings[p.Key])
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write usage: %w", err)
	}
	_, err = fmt.Fprint(out, "\nparley healthcheck exits with 0 if the server on LISTEN_ADDR lives.\n")
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

// healthcheckLimit is how long a live server may take to say so.
const healthcheckLimit = 2 * time.Second

// healthcheck asks the server on this machine whether it lives.
func healthcheck(ctx context.Context, listenAddr string, secure bool) error {
	host, port, err := net.SplitHostPort(listenAddr)
	if err != nil {
		return fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme, client := "http", &http.Client{Timeout: healthcheckLimit}
	if secure {
		scheme = "https"
		// The certificate is for the names of the outside; whether the server lives is
		// not a question of it.
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errUnhealthy
	}
	return nil
}
