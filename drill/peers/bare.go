package main

import (
	"net/http"
	"sync"

	"github.com/lxzan/gws"
)

// readBuffer is the least gws works well with for messages of 60 bytes; what it saves is memory of idle connections.
const readBuffer = 512

// bare is the limit: what a publisher says is written to every connection, at once and in the publisher's own read
// goroutine. Nothing is parsed, kept, ordered or sent through Redis.
//
// WriteMessage in a loop instead of gws's Broadcaster: the Broadcaster saves encoding 60 bytes, but pays a closure, a queue
// and mostly a goroutine for each connection and message, and its queues have no bound.
type bare struct {
	gws.BuiltinEventHandler

	mu    sync.RWMutex
	conns []*gws.Conn
	place map[*gws.Conn]int // in conns
}

func newBare() *http.ServeMux {
	b := &bare{place: make(map[*gws.Conn]int)}
	upgrader := gws.NewUpgrader(b, &gws.ServerOption{ReadBufferSize: readBuffer, Recovery: gws.Recovery})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return // gws has answered
		}
		go conn.ReadLoop() // and the handler returns, which frees what net/http holds for a request
	})
	return mux
}

func (b *bare) OnOpen(conn *gws.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.place[conn] = len(b.conns)
	b.conns = append(b.conns, conn)
}

func (b *bare) OnClose(conn *gws.Conn, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.place[conn]
	if !ok {
		return
	}
	last := len(b.conns) - 1
	b.conns[at] = b.conns[last]
	b.place[b.conns[at]] = at
	b.conns[last] = nil
	b.conns = b.conns[:last]
	delete(b.place, conn)
}

func (b *bare) OnMessage(_ *gws.Conn, message *gws.Message) {
	defer message.Close()
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, conn := range b.conns {
		_ = conn.WriteMessage(gws.OpcodeText, message.Bytes()) // a failure closes that connection, and OnClose follows
	}
}
