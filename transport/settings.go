package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"
)

// Settings are the edge's, read from the environment.
type Settings struct {
	ListenAddr     string        `env:"LISTEN_ADDR" envDefault:":8080" meaning:"address of the chat: page, WebSocket, /healthz, /readyz"`
	AdminAddr      string        `env:"ADMIN_ADDR" meaning:"address of /metrics, /debug/pprof, /chaos, /healthz, /readyz; off for none (default 127.0.0.1:8081, if it is free)"`
	AllowedOrigins []string      `env:"ALLOWED_ORIGINS" meaning:"origins of other pages that may connect, separated by commas; *: all"`
	AllowListeners bool          `env:"ALLOW_LISTENERS" envDefault:"true" meaning:"whether a connection that never joins may stay"`
	JoinTimeout    time.Duration `env:"JOIN_TIMEOUT" envDefault:"30s" meaning:"how long a connection may take to join where listeners are not allowed"`
	ChaosToken     Secret        `env:"CHAOS_TOKEN" meaning:"token of the pages and paths under /chaos, which kill actors, at least 32 bytes; empty: there are none"`
	ChaosTokenFile string        `env:"CHAOS_TOKEN_FILE" meaning:"file that holds CHAOS_TOKEN"`
	ChaosPublic    bool          `env:"CHAOS_PUBLIC" envDefault:"false" meaning:"whether /chaos is on LISTEN_ADDR too, not on ADMIN_ADDR alone"`
	LimitSettings
	AuthSettings
	TLSSettings
}

// LimitSettings bound how many connections there are and how fast new ones come.
//
// The two per IP have defaults that hold for everybody but loopback: a stranger has no loopback
// address, whereas load tests and proxies on the same machine do. Once set, they hold for loopback as
// well.
type LimitSettings struct {
	// So many need as many file descriptors, and plainRoom and descriptorReserve more.
	MaxConnections      int            `env:"MAX_CONNECTIONS" envDefault:"15000" meaning:"WebSocket connections to this node; 0: as many as it may have files open"`
	MaxConnectionsPerIP *int           `env:"MAX_CONNECTIONS_PER_IP" meaning:"WebSocket connections from an IPv4 address or an IPv6 /64, four times as many from a /48; 0: no limit (default 50; none from loopback)"`
	ConnectRatePerIP    *float64       `env:"CONNECT_RATE_PER_IP" meaning:"new WebSocket connections a second from an IPv4 address or an IPv6 /64, four times as many from a /48; 0: no limit (default 5; none from loopback)"`
	TrustedProxies      []netip.Prefix `env:"TRUSTED_PROXIES" meaning:"networks, separated by commas, whose X-Forwarded-For is believed"`
}

// AuthSettings close the chat to all but bearers of a token. None set: anybody may come.
type AuthSettings struct {
	JWTSecret     Secret `env:"AUTH_JWT_SECRET" meaning:"HS256 key of signed identities, at least 32 bytes; set, only bearers of a token may connect"`
	JWTSecretFile string `env:"AUTH_JWT_SECRET_FILE" meaning:"file that holds AUTH_JWT_SECRET"`
	JWKSURL       string `env:"AUTH_JWKS_URL" meaning:"URL of a key set for signed identities (RS256, ES256, EdDSA)"`
	JWKSFile      string `env:"AUTH_JWKS_FILE" meaning:"file with such a key set; read again when it changes"`
	Audience      string `env:"AUTH_JWT_AUDIENCE" meaning:"audience that a token must be for"`
	Issuer        string `env:"AUTH_JWT_ISSUER" meaning:"issuer that a token must be of"`
	Cookie        string `env:"AUTH_COOKIE" meaning:"name of a cookie that may carry the token"`
}

// TLSSettings name the certificate for a server without a proxy in front of it.
type TLSSettings struct {
	CertFile string `env:"TLS_CERT_FILE" meaning:"PEM file of the server's certificate, read again when it changes; empty: plain HTTP"`
	KeyFile  string `env:"TLS_KEY_FILE" meaning:"PEM file of its key"`
}

// maxConnectRate is beyond what a node can shake hands with; a larger number is a mistake.
const maxConnectRate = 1_000_000

// validate names the setting that can't be meant.
func (s Settings) validate() error {
	switch {
	case s.JoinTimeout < 0:
		return errors.New("JOIN_TIMEOUT is negative")
	case s.JoinTimeout == 0 && !s.AllowListeners:
		return errors.New("JOIN_TIMEOUT is 0: with ALLOW_LISTENERS=false nobody would have time to join")
	}
	return s.LimitSettings.validate()
}

func (s LimitSettings) validate() error {
	switch {
	case s.MaxConnections < 0:
		return errors.New("MAX_CONNECTIONS is negative")
	case s.MaxConnectionsPerIP != nil && *s.MaxConnectionsPerIP < 0:
		return errors.New("MAX_CONNECTIONS_PER_IP is negative")
	case s.ConnectRatePerIP != nil && !(*s.ConnectRatePerIP >= 0 && *s.ConnectRatePerIP <= maxConnectRate):
		return fmt.Errorf("CONNECT_RATE_PER_IP is not 0 to %d a second", maxConnectRate)
	}
	return nil
}

// Secret is a string that formats as anything but itself.
type Secret string

// Format writes a placeholder, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) {
	if s != "" {
		_, _ = f.Write([]byte("(hidden)"))
	}
}

// MarshalText gives a placeholder to JSON and to loggers.
func (s Secret) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%s", s), nil
}

// minSecretBytes is what 256 random bits have at least, in any spelling; RFC 7518 §3.2 allows no less
// for HS256.
const minSecretBytes = 32

// secretOrFile gives the secret, from the file if that is what is set; "" for none. An error names the
// setting.
func secretOrFile(secret Secret, name, file string) (Secret, error) {
	if file != "" {
		if secret != "" {
			return "", fmt.Errorf("%s and %s_FILE: one of them", name, name)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read %s_FILE: %w", name, err)
		}
		secret = Secret(strings.TrimRight(string(content), "\r\n"))
	}
	// A file with nothing in it is a mistake that would leave the chat open.
	if (secret != "" || file != "") && len(secret) < minSecretBytes {
		return "", fmt.Errorf("%s is shorter than %d bytes", name, minSecretBytes)
	}
	return secret, nil
}
