package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"parley/drill/check"
)

// tape writes the raw history to a file, one JSON object a line. A nil tape writes nothing.
type tape struct {
	mu   sync.Mutex
	file *os.File
	buf  *bufio.Writer
	json *json.Encoder
	err  error
}

// line is one event. Event is open, send, recv, close, fault, kill or served.
type line struct {
	At      int64  `json:"at"` // microseconds since the epoch
	Event   string `json:"event"`
	Conn    int    `json:"conn,omitempty"`
	Client  string `json:"client,omitempty"`
	Node    string `json:"node,omitempty"`
	Since   int64  `json:"since,omitempty"`   // of open; -1: not given
	DMSince int64  `json:"dmsince,omitempty"` // likewise
	Frame   string `json:"frame,omitempty"`   // of send and recv, byte for byte; of close, its code as this side saw it
	What    string `json:"what,omitempty"`    // of fault, kill and served
}

func openTape(path string) (*tape, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("failed to open the history: %w", err)
	}
	t := &tape{file: f, buf: bufio.NewWriter(f)}
	t.json = json.NewEncoder(t.buf)
	t.json.SetEscapeHTML(false)
	return t, nil
}

// write notes something that a connection said or heard.
func (t *tape) write(c *check.Connection, event, frame string) {
	if t == nil {
		return
	}
	l := line{Event: event, Conn: c.Number, Client: c.Client, Node: c.Node, Frame: frame}
	if event == "open" {
		l.Since, l.DMSince = c.Since, c.DMSince
	}
	t.put(l)
}

// note notes something that was done to the servers.
func (t *tape) note(event, node, what string) {
	if t != nil {
		t.put(line{Event: event, Node: node, What: what})
	}
}

func (t *tape) put(l line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.At = time.Now().UnixMicro()
	if err := t.json.Encode(l); err != nil && t.err == nil {
		t.err = fmt.Errorf("failed to write the history: %w", err)
	}
}

func (t *tape) close() error {
	if t == nil {
		return nil
	}
	return errors.Join(t.err, t.buf.Flush(), t.file.Close())
}
