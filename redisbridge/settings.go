package redisbridge

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Settings say where Redis is and how much it keeps, read from the environment.
type Settings struct {
	Addr        string `env:"REDIS_ADDR" meaning:"Redis as host:port, or redis:// or rediss:// URL with user, password and db; empty: an embedded one that keeps nothing"`
	AddrFile    string `env:"REDIS_ADDR_FILE" meaning:"file that holds REDIS_ADDR"`
	CAFile      string `env:"REDIS_CA_FILE" meaning:"PEM file of the authority that signed the certificate of a rediss:// server"`
	HistoryKeep int    `env:"HISTORY_KEEP" envDefault:"10000" meaning:"messages that the public log, each room and each conversation keep"`
	// RoomKeep is how long a room is there that nobody is in.
	RoomKeep time.Duration `env:"ROOM_KEEP" envDefault:"720h" meaning:"how long a room's messages are kept after the last of them, and the room after somebody was in it"`
	// NameHold is how long a name stays its holder's who keeps the token.
	NameHold time.Duration `env:"NAME_HOLD" envDefault:"24h" meaning:"how long after their last connection names are held for those who showed that they keep the token; others are free after 2 s"`
	// HeldNamesPerIP bounds the names that one address can keep from others.
	HeldNamesPerIP *int `env:"HELD_NAMES_PER_IP" meaning:"names that are held at once for an IPv4 address or an IPv6 /64; 0: no limit (default 5; none from loopback)"`
}

const (
	// dialTimeout, readTimeout and writeTimeout end every wait for Redis. A reply that
	// takes longer counts as lost, and its outcome as unknown.
	dialTimeout  = time.Second
	readTimeout  = 2 * time.Second
	writeTimeout = 2 * time.Second
	// leastRoomKeep: the references of messages are known for ten minutes, so must be what they refer to.
	leastRoomKeep = time.Hour
	// poolSize is far above the dozen connections that are ever open: the library
	// stops dialing, for up to a second, after so many failed dials in a row.
	poolSize = 4096
)

// options makes the client's options of the settings; an error names the one that
// can't be meant.
func (s Settings) options() (*redis.Options, error) {
	switch {
	case s.HistoryKeep < 1:
		return nil, errors.New("HISTORY_KEEP is not at least 1")
	case s.RoomKeep < leastRoomKeep:
		return nil, fmt.Errorf("ROOM_KEEP is not at least %s", leastRoomKeep)
	case s.NameHold < 0 || s.NameHold > longestHold:
		return nil, fmt.Errorf("NAME_HOLD is not 0 to %s", longestHold)
	case s.HeldNamesPerIP != nil && *s.HeldNamesPerIP < 0:
		return nil, errors.New("HELD_NAMES_PER_IP is negative")
	}
	addr := s.Addr
	if s.AddrFile != "" {
		if addr != "" {
			return nil, errors.New("REDIS_ADDR and REDIS_ADDR_FILE: one of them")
		}
		content, err := os.ReadFile(s.AddrFile)
		if err != nil {
			return nil, fmt.Errorf("read REDIS_ADDR_FILE: %w", err)
		}
		addr = strings.TrimSpace(string(content))
	}
	o := &redis.Options{Addr: addr}
	if strings.Contains(addr, "://") {
		var err error
		if o, err = redis.ParseURL(addr); err != nil {
			// The library's error may quote the URL, and with it the password.
			return nil, errors.New("REDIS_ADDR is not a redis:// or rediss:// URL")
		}
	} else if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, errors.New("REDIS_ADDR is neither host:port nor a URL")
	}
	if s.CAFile != "" {
		if o.TLSConfig == nil {
			return nil, errors.New("REDIS_CA_FILE needs a rediss:// URL in REDIS_ADDR")
		}
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read REDIS_CA_FILE: %w", err)
		}
		o.TLSConfig.RootCAs = x509.NewCertPool()
		if !o.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("REDIS_CA_FILE holds no certificate")
		}
		o.TLSConfig.MinVersion = tls.VersionTLS12
	}
	o.Protocol = 2
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = dialTimeout, readTimeout, writeTimeout
	o.ContextTimeoutEnabled = true // the library ignores deadlines otherwise
	o.MaxRetries = -1              // what is repeated, and when, is the bridge's to decide
	o.DialerRetries = 1
	o.PoolSize = poolSize
	o.PipelinePoolSize = -1 // one pool for all: probes take out what broke with Redis
	o.DisableIdentity = true
	return o, nil
}
