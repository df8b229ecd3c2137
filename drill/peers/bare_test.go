package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lxzan/gws"
)

// listener hands on what its connection hears.
type listener struct {
	gws.BuiltinEventHandler
	heard chan string
}

func (l *listener) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	l.heard <- string(m.Bytes())
}

func TestTheBareLoopTellsEverybodyAndForgetsWhoLeft(t *testing.T) {
	server := httptest.NewServer(newBare())
	defer server.Close()
	addr := "ws" + strings.TrimPrefix(server.URL, "http") + "/ws"
	var conns []*gws.Conn
	var ears []*listener
	for range 3 {
		l := &listener{heard: make(chan string, 10)}
		conn, _, err := gws.NewClient(l, &gws.ClientOption{Addr: addr})
		if err != nil {
			t.Fatal(err)
		}
		go conn.ReadLoop()
		conns, ears = append(conns, conn), append(ears, l)
	}
	expect := func(text string, who ...*listener) {
		t.Helper()
		for _, l := range who {
			select {
			case got := <-l.heard:
				if got != text {
					t.Fatalf("heard %q, want %q", got, text)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%q was not told", text)
			}
		}
	}
	if err := conns[0].WriteString("one"); err != nil {
		t.Fatal(err)
	}
	expect("one", ears...)

	conns[2].WriteClose(1000, nil)
	if err := conns[1].WriteString("two"); err != nil {
		t.Fatal(err)
	}
	expect("two", ears[:2]...)
}
