package rig

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// silence is how long nothing must come to call a link silent; loopback answers within a millisecond.
const silence = 100 * time.Millisecond

// echoServer answers every line with itself and tells each line heard.
func echoServer(t *testing.T) (addr string, heard <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	lines := make(chan string, 100)
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for r := bufio.NewReader(conn); ; {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					lines <- line
					_, _ = io.WriteString(conn, line)
				}
			}()
		}
	}()
	return l.Addr().String(), lines
}

func startProxy(t *testing.T) (*Proxy, <-chan string) {
	t.Helper()
	addr, heard := echoServer(t)
	p, err := NewProxy(addr)
	must(t, err)
	t.Cleanup(p.Close)
	return p, heard
}

func connect(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func say(t *testing.T, conn net.Conn, line string) {
	t.Helper()
	_, err := io.WriteString(conn, line)
	must(t, err)
}

func hears(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Fatalf("heard %q (%v), want %q", got, err, want)
	}
}

func hearsNothing(t *testing.T, conn net.Conn) {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(silence)))
	n, err := conn.Read(make([]byte, 1))
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %d bytes (%v) from a silent link", n, err)
	}
}

func hearsTheEnd(t *testing.T, conn net.Conn) {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the connection did not end: %v", err)
	}
}

func TestCutLinkEndsAndRefusesUntilRestored(t *testing.T) {
	p, _ := startProxy(t)
	conn := connect(t, p)
	say(t, conn, "a\n")
	hears(t, conn, "a\n")
	p.Cut()
	hearsTheEnd(t, conn)
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("a cut link was not refused: %v", err)
	}
	must(t, p.Restore())
	conn = connect(t, p)
	say(t, conn, "b\n")
	hears(t, conn, "b\n")
}

func TestFrozenLinkIsSilentInBothDirectionsAndThaws(t *testing.T) {
	p, heard := startProxy(t)
	old := connect(t, p)
	say(t, old, "a\n")
	hears(t, old, "a\n")
	<-heard
	p.Freeze()
	fresh := connect(t, p) // accepted, and silent
	say(t, old, "b\n")
	say(t, fresh, "c\n")
	hearsNothing(t, old)
	hearsNothing(t, fresh)
	if len(heard) != 0 {
		t.Fatalf("the target heard %q through a frozen link", <-heard)
	}
	must(t, p.Restore())
	hears(t, old, "b\n")
	hears(t, fresh, "c\n")
}

func TestFrozenConnectionsThawOnlyWhenRestoredAndNewOnesFlow(t *testing.T) {
	for name, freeze := range map[string]func(*Proxy){
		"all":         (*Proxy).FreezeConnections,
		"subscribers": (*Proxy).FreezePubSub,
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := startProxy(t)
			subscriber, other := connect(t, p), connect(t, p)
			say(t, subscriber, "*2\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n")
			hears(t, subscriber, "*2\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n")
			say(t, other, "a\n")
			hears(t, other, "a\n")
			freeze(p)
			fresh := connect(t, p)
			say(t, fresh, "*2\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n")
			hears(t, fresh, "*2\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n")
			say(t, subscriber, "b\n")
			hearsNothing(t, subscriber)
			say(t, other, "c\n")
			if name == "all" {
				hearsNothing(t, other)
			} else {
				hears(t, other, "c\n")
			}
			must(t, p.Restore())
			hears(t, subscriber, "b\n")
		})
	}
}

func TestFrozenLinkCanBeCut(t *testing.T) {
	p, _ := startProxy(t)
	conn := connect(t, p)
	p.Freeze()
	p.Cut()
	hearsTheEnd(t, conn)
	must(t, p.Restore())
}

func TestDroppedRepliesNeverComeAndTheirConnectionEnds(t *testing.T) {
	p, heard := startProxy(t)
	asker, idle := connect(t, p), connect(t, p)
	for _, conn := range []net.Conn{asker, idle} {
		say(t, conn, "a\n")
		hears(t, conn, "a\n")
		<-heard
	}
	p.DropReplies()
	say(t, asker, "b\n")
	if got := <-heard; got != "b\n" {
		t.Fatalf("the target heard %q", got)
	}
	hearsNothing(t, asker)
	must(t, p.Restore())
	hearsTheEnd(t, asker)
	say(t, idle, "c\n") // lost nothing, so it lives
	hears(t, idle, "c\n")
}

func TestClosedProxyDoesNotComeBack(t *testing.T) {
	p, _ := startProxy(t)
	p.Freeze()
	connect(t, p)
	p.Close()
	p.Cut()
	p.Freeze()
	if err := p.Restore(); err == nil {
		t.Fatal("a closed proxy was restored")
	}
}
