package load

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lxzan/gws"
	"go.uber.org/goleak"
)

// smallParley speaks as much of the protocol as a run needs: it tells no presence, keeps nothing and refuses nothing.
type smallParley struct {
	gws.BuiltinEventHandler

	mu    sync.Mutex
	names map[*gws.Conn]string
}

func (p *smallParley) OnOpen(c *gws.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[c] = ""
	_ = c.WriteString(`{"type":"init","members":[],"member_count":0,"history":[],"cursor":0,"truncated":false}`)
}

func (p *smallParley) OnClose(c *gws.Conn, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.names, c)
}

func (p *smallParley) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	verb, rest, _ := strings.Cut(string(m.Bytes()), ":")
	verb, ref, _ := strings.Cut(verb, "#")
	if verb == "join" {
		p.names[c] = rest
		_ = c.WriteString("Welcome " + rest + "!")
		return
	}
	_ = c.WriteString(fmt.Sprintf(`{"type":"ack","ref":%q,"id":1}`, ref))
	user, text, _ := strings.Cut(rest, ":")
	to := ""
	if verb == "dm" {
		to, text, _ = strings.Cut(text, ":")
	}
	for other, name := range p.names {
		if to == "" || name == user || name == to {
			_ = other.WriteString(fmt.Sprintf(`{"type":%q,"id":1,"user":%q,"text":%q,"time":1}`, verb, user, text))
		}
	}
}

func TestParleysClientsJoinTalkAndWhisper(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	at := place{addrs: []string{serve(t, &smallParley{names: make(map[*gws.Conn]string)})}}
	s := scenario{name: "test", clients: 10, rate: 1_000, size: textSize, publishers: 4, direct: 0.5}

	r, err := measure(context.Background(), s, parley{}, at, shortPace)
	if err != nil {
		t.Fatal(err)
	}
	if r.Expected == 0 || r.Delivered != r.Expected || r.Errors > 0 || r.Closed > 0 {
		t.Errorf("delivered %d of %d, %d refused, %d closed: %s", r.Delivered, r.Expected, r.Errors, r.Closed, r.Note)
	}
	if r.Answers < r.Published/2 {
		t.Errorf("%d of %d messages were answered", r.Answers, r.Published)
	}
}

func TestAPairGoesOnTalkingInAStorm(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	at := place{addrs: []string{serve(t, &smallParley{names: make(map[*gws.Conn]string)})}}
	s := scenario{
		name: "test", clients: 2, rate: 100, size: textSize, publishers: 1, direct: 0.9, pair: true,
		storm: 50, stormWithin: 200 * time.Millisecond,
	}

	r, err := measure(context.Background(), s, parley{}, at, shortPace)
	if err != nil {
		t.Fatal(err)
	}
	if r.Joins != 50 || r.JoinSeconds < 0.19 || r.Delivered != r.Expected {
		t.Errorf("%d joined in %.2f s; delivered %d of %d", r.Joins, r.JoinSeconds, r.Delivered, r.Expected)
	}
	if r.Timed < 25 || r.Timed > 60 {
		t.Errorf("%d deliveries were timed, want those to the second of the pair only", r.Timed)
	}
}
