package rig

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// fakeNode makes this test binary a node: the process under test needs an address, a /healthz and a way to end.
const fakeNode = "RIG_FAKE_NODE"

func TestMain(m *testing.M) {
	switch os.Getenv(fakeNode) {
	case "":
		goleak.VerifyTestMain(m)
	case "stubborn":
		serveFakeNode(false)
	default:
		serveFakeNode(true)
	}
}

func serveFakeNode(polite bool) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server := &http.Server{Addr: os.Getenv("LISTEN_ADDR"), ReadHeaderTimeout: time.Second}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			_, _ = w.Write([]byte(os.Getenv("ADMIN_ADDR")))
		}
	})
	if polite {
		go func() {
			<-ctx.Done()
			_ = server.Close()
		}()
	}
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(7)
}

// soon is a context for things that take milliseconds; it is long because CI machines stall.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
