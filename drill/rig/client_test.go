package rig

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lxzan/gws"
)

// chatServer is a server end of gws that the test drives.
type chatServer struct {
	gws.BuiltinEventHandler
	url   string
	conns chan *gws.Conn
	heard chan string
	pongs chan string
}

func (s *chatServer) OnOpen(*gws.Conn) {}
func (s *chatServer) OnMessage(_ *gws.Conn, m *gws.Message) {
	s.heard <- m.Data.String()
}
func (s *chatServer) OnPong(_ *gws.Conn, payload []byte) { s.pongs <- string(payload) }

func startChatServer(t *testing.T) *chatServer {
	t.Helper()
	s := &chatServer{conns: make(chan *gws.Conn, 10), heard: make(chan string, 10), pongs: make(chan string, 10)}
	upgrader := gws.NewUpgrader(s, &gws.ServerOption{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("since") == "abc" {
			http.Error(w, "since is not a number", http.StatusBadRequest)
			return
		}
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		go conn.ReadLoop()
		s.conns <- conn
	}))
	t.Cleanup(web.Close)
	s.url = "ws" + strings.TrimPrefix(web.URL, "http") + "/ws"
	return s
}

func dial(t *testing.T, s *chatServer, opt ClientOptions) (*Client, *gws.Conn) {
	t.Helper()
	c, err := Dial(soon(t), s.url, opt)
	must(t, err)
	t.Cleanup(c.Close)
	return c, <-s.conns
}

func TestClientSaysHearsAndAnswersPings(t *testing.T) {
	s := startChatServer(t)
	c, server := dial(t, s, ClientOptions{})
	must(t, c.Send("join:alice"))
	if got := <-s.heard; got != "join:alice" {
		t.Fatalf("the server heard %q", got)
	}
	must(t, c.conn.SetWriteDeadline(time.Unix(1, 0))) // of what was said long ago
	must(t, server.WritePing([]byte("there?")))
	select {
	case got := <-s.pongs:
		if got != "there?" {
			t.Fatalf("the ping was answered with %q", got)
		}
	case <-c.Done():
		t.Fatalf("the connection ended with %d", c.CloseCode())
	}
	must(t, server.WriteString("Welcome alice!"))
	if _, err := c.Await(soon(t), func(f Frame) bool { return f.Type == Welcome }); err != nil {
		t.Fatal(err)
	}
}

func TestAwaitLeavesWhatItDidNotWantToOthers(t *testing.T) {
	s := startChatServer(t)
	c, server := dial(t, s, ClientOptions{})
	must(t, server.WriteString(`{"type":"ack","ref":"r","id":1}`))
	must(t, server.WriteString(`{"type":"msg","id":1,"user":"a","text":"t","time":1}`))
	must(t, server.WriteString(`{"type":"msg","id":2,"user":"a","text":"t","time":1}`))
	msg := func(f Frame) bool { return f.Type == "msg" }
	for _, want := range []int64{1, 2} {
		if f, err := c.Await(soon(t), msg); err != nil || f.ID != want {
			t.Fatalf("got %v, %v", f, err)
		}
	}
	if f, err := c.Await(soon(t), func(f Frame) bool { return f.Ref == "r" }); err != nil || f.ID != 1 {
		t.Fatalf("got %v, %v", f, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	if _, err := c.Await(ctx, msg); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a taken frame came again: %v", err)
	}
	if got := len(c.Frames()); got != 3 {
		t.Fatalf("%d frames are kept, want 3", got)
	}
}

func TestStalledClientPushesBackAndMissesNothing(t *testing.T) {
	s := startChatServer(t)
	var heard atomic.Int64
	c, server := dial(t, s, ClientOptions{OnFrame: func(Frame) { heard.Add(1) }, ReceiveBuffer: 256 << 10})
	c.Stall()
	text := strings.Repeat("x", 64<<10)
	const frames = 400 // 25 MiB: more than all buffers between the two
	written := make(chan error, 1)
	go func() {
		for range frames {
			if err := server.WriteString(text); err != nil {
				written <- err
				return
			}
		}
		written <- server.WriteString("Welcome end!")
	}()
	select {
	case err := <-written:
		t.Fatalf("all was written to a stalled client: %v", err)
	case <-time.After(silence):
	}
	if got := heard.Load(); got > 1 {
		t.Fatalf("a stalled client heard %d frames", got)
	}
	c.Unstall()
	must(t, <-written)
	must(t, until(soon(t), nil, func(context.Context) error {
		if heard.Load() <= frames {
			return errors.New("not all is heard yet")
		}
		return nil
	}))
}

func TestCloseCodes(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(*gws.Conn)
		want uint16
	}{
		"with a code": {func(c *gws.Conn) { _ = c.WriteClose(4008, []byte("too slow")) }, 4008},
		"without one": {func(c *gws.Conn) { _ = c.NetConn().Close() }, 1006},
	} {
		t.Run(name, func(t *testing.T) {
			s := startChatServer(t)
			told := make(chan uint16, 2)
			c, server := dial(t, s, ClientOptions{OnClose: func(code uint16, _ string) { told <- code }})
			if got := c.CloseCode(); got != 0 {
				t.Fatalf("a living connection has code %d", got)
			}
			tc.end(server)
			<-c.Done()
			if got := c.CloseCode(); got != tc.want || <-told != tc.want {
				t.Fatalf("closed with %d, want %d", got, tc.want)
			}
			if _, err := c.Await(soon(t), func(Frame) bool { return true }); !errors.Is(err, ErrClosed) {
				t.Fatalf("waiting ended with %v", err)
			}
			if tc.want == 4008 && c.CloseReason() != "too slow" {
				t.Fatalf("the reason is %q", c.CloseReason())
			}
		})
	}
}

func TestStalledClientCanBeClosed(t *testing.T) {
	s := startChatServer(t)
	c, server := dial(t, s, ClientOptions{})
	c.Stall()
	must(t, server.WriteString("Welcome a!"))
	must(t, server.WriteString("Welcome b!"))
	c.Close()
	c.Close()
}

func TestRefusedUpgradeTellsStatusAndSentence(t *testing.T) {
	s := startChatServer(t)
	_, err := Dial(soon(t), s.url+"?since=abc", ClientOptions{})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || !strings.Contains(refused.Body, "not a number") {
		t.Fatalf("got %v", err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	p, _ := startProxy(t)
	p.Freeze()
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	if _, err := Dial(ctx, "ws://"+p.Addr()+"/ws", ClientOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestParseFrame(t *testing.T) {
	for raw, want := range map[string]Frame{
		"Welcome bob!": {Type: "welcome"},
		`{"type":"msg","id":7,"user":"a","text":"\"id\":9","time":1}`:   {Type: "msg", ID: 7},
		`{"type":"dm","id":7,"user":"a","to":"b","text":"","cursor":8}`: {Type: "dm", ID: 7, Cursor: 8},
		`{"type":"ack","ref":"a-1","id":5}`:                             {Type: "ack", ID: 5, Ref: "a-1"},
		`{"type":"error","code":"unavailable","message":"m","ref":"x"}`: {Type: "error", Code: "unavailable", Ref: "x"},
		`{"type":"error","code":"bad_frame","message":"ref"}`:           {Type: "error", Code: "bad_frame"},
		`{"type":"joined","dms":[{"type":"dm","cursor":1}],"cursor":9}`: {Type: "joined", Cursor: 9},
		`{"type":"init","history":[{"type":"msg","id":3}],"cursor":3}`:  {Type: "init", Cursor: 3},
		`{"type":"member_add","name":"\"type\":\"msg\"","count":2}`:     {Type: "member_add"},
		`{"dms":[{"type":"dm","cursor":1}],"type":"joined","cursor":9}`: {Type: "joined", Cursor: 9},
		`nonsense`: {},
		``:         {},
	} {
		got := ParseFrame([]byte(raw))
		want.Raw = got.Raw
		if got.Type != want.Type || got.ID != want.ID || got.Cursor != want.Cursor || got.Ref != want.Ref || got.Code != want.Code {
			t.Errorf("%s parsed as %+v", raw, got)
		}
	}
	m := ParseFrame([]byte(`{"type":"dm","id":7,"user":"a","to":"b","text":"x\ny","time":3,"cursor":8}`)).Message()
	if m != (Message{ID: 7, User: "a", To: "b", Text: "x\ny", Time: 3, Cursor: 8}) {
		t.Errorf("decoded %+v", m)
	}
}
