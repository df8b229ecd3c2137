// Says "pong" to whoever says "ping", and misses none: it goes on where it was when the server comes back.
// Run it with: go run ./examples/go ws://localhost:8080/ws pongbot
package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/lxzan/gws"
)

type frame struct {
	Type, Ref, Message, Token, User, Text string
	ID, Cursor                            int64
	History                               []frame
}

type bot struct {
	gws.BuiltinEventHandler
	name, token string
	since       int64 // all up to there is answered
	open        int   // answers that are not acked yet
}

func (b *bot) OnOpen(c *gws.Conn) { b.open, _ = 0, c.WriteString("join:"+b.name+b.token) }

func (b *bot) OnMessage(c *gws.Conn, m *gws.Message) {
	var f frame
	_ = json.Unmarshal(m.Bytes(), &f) // "Welcome NAME!" is for people
	switch f.Type {
	case "joined":
		b.token = ":" + f.Token
	case "ack":
		_, _ = fmt.Sscan(f.Ref, &b.since)
		b.open--
	case "error":
		println(f.Message)
		_ = c.NetConn().Close() // it comes back, and answers what is not answered
	}
	for _, m := range append(f.History, f) {
		if m.Text == "ping" && m.User != b.name && m.ID > b.since {
			b.open++ // the reference is the id of what is answered: said twice, it is stored once
			_ = c.WriteString(fmt.Sprintf("msg#%d:%s:%s: pong", m.ID, b.name, m.User))
		} else if b.open == 0 {
			b.since = max(b.since, m.ID)
		}
	}
}

func main() {
	b := &bot{name: os.Args[2], since: time.Now().UnixMicro()} // what was said before is not for it
	for ; ; time.Sleep(rand.N(2 * time.Second)) {              // not all bots at once
		if c, _, err := gws.NewClient(b, &gws.ClientOption{Addr: fmt.Sprintf("%s?since=%d", os.Args[1], b.since)}); err == nil {
			c.ReadLoop()
		}
	}
}
