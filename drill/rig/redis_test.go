package rig

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

func startRedis(t *testing.T, args ...string) *Redis {
	t.Helper()
	r, err := NewRedis(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func do(t *testing.T, r *Redis, args ...any) any {
	t.Helper()
	answer, err := r.Do(soon(t), args...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedisKeepsItsDataOverAKillWithAOFAlways(t *testing.T) {
	r := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	addr := r.Addr()
	do(t, r, "SET", "k", "v")
	must(t, r.Kill())
	if _, err := r.Do(soon(t), "PING"); err == nil {
		t.Fatal("a killed Redis answered")
	}
	must(t, r.Start())
	if got := do(t, r, "GET", "k"); got != "v" || r.Addr() != addr {
		t.Fatalf("after the restart: %v on %s, want v on %s", got, r.Addr(), addr)
	}
}

func TestRedisForgetsAfterAWipe(t *testing.T) {
	r := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	do(t, r, "SET", "k", "v")
	if err := r.Wipe(); err == nil {
		t.Fatal("a running Redis was wiped")
	}
	must(t, r.Kill())
	must(t, r.Wipe())
	must(t, r.Start())
	if got := do(t, r, "EXISTS", "k"); got != int64(0) {
		t.Fatalf("EXISTS says %v after a wipe", got)
	}
}

func TestPausedRedisIsSilentAndGoesOn(t *testing.T) {
	r := startRedis(t)
	must(t, r.Pause())
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := r.Do(ctx, "PING"); !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a paused Redis: %v", err)
	}
	must(t, r.Resume())
	do(t, r, "PING")
}

func TestPausedRedisCanBeKilled(t *testing.T) {
	r := startRedis(t)
	must(t, r.Pause())
	must(t, r.Kill())
	must(t, r.Start())
	do(t, r, "PING")
}

func TestRedisWithAPassword(t *testing.T) {
	r := startRedis(t, "--requirepass", "secret")
	do(t, r, "PING")
}

func TestRedisThatCannotStartSaysWhy(t *testing.T) {
	if r, err := NewRedis("--no-such-option", "x"); err == nil {
		_ = r.Close()
		t.Fatal("started with a nonsense option")
	}
}
