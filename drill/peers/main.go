package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// headerTimeout ends a connection that does not send its upgrade; 5,000 of them within 5 s on two cores take a while.
	headerTimeout = 20 * time.Second

	// farewell bounds the shutdown: whoever stops a peer wants the port, not a polite end.
	farewell = time.Second
)

// options are what the command line says.
type options struct {
	kind       string
	listen     string
	redis      string
	writeDelay time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.kind, "kind", os.Getenv("KIND"), "centrifuge or bare")
	flag.StringVar(&o.listen, "listen", cmp.Or(os.Getenv("LISTEN_ADDR"), "127.0.0.1:0"), "the address to listen on")
	flag.StringVar(&o.redis, "redis", cmp.Or(os.Getenv("REDIS_ADDR"), "127.0.0.1:6379"), "the address of Redis (centrifuge)")
	flag.DurationVar(&o.writeDelay, "write-delay", delayFromEnv(), "how long to gather messages for one write (centrifuge)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, o options) error {
	mux, err := muxOf(o)
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {}) // 200: it listens
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return fmt.Errorf("failed to listen: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("failed to serve: %w", err)
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := server.Shutdown(bounded); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("failed to shut down: %w", err)
	}
	return nil
}

func muxOf(o options) (*http.ServeMux, error) {
	switch o.kind {
	case "centrifuge":
		return newCentrifuge(o.redis, o.writeDelay)
	case "bare":
		return newBare(), nil
	default:
		return nil, fmt.Errorf("no such kind of server: %q", o.kind)
	}
}

// delayFromEnv is WRITE_DELAY; without a valid one there is none.
func delayFromEnv() time.Duration {
	delay, err := time.ParseDuration(os.Getenv("WRITE_DELAY"))
	if err != nil {
		return 0
	}
	return delay
}
