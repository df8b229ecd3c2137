package actors

import (
	"fmt"
	"testing"

	"parley/actors/protocol"
)

func BenchmarkParseCommand(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := protocol.ParseCommand("msg#ref-1:alice:sixty bytes of text, as people say it: all in a line"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodeMessage makes a message's frame, as the log and all clients get it.
func BenchmarkEncodeMessage(b *testing.B) {
	b.ReportAllocs()
	var payload, frame []byte
	for b.Loop() {
		payload = append(payload[:0], `{"type":"msg","id":1795430400123456`...)
		payload = protocol.AppendBody(payload, "alice", "", "", `sixty bytes of text, as "people" say it: all in a line`)
		payload = append(payload, `,"time":1795430400}`...)
		frame = protocol.AppendFrame(frame[:0], payload)
	}
}

func entriesFrom(id int64, n int) []protocol.Entry {
	entries := make([]protocol.Entry, n)
	for i := range entries {
		frame := protocol.AppendFrame(nil, fmt.Appendf(nil, `{"type":"msg","id":%d,"user":"alice","text":"sixty bytes of text","time":1}`, id))
		entries[i] = protocol.Entry{ID: id, Ref: "alice#1", Frame: frame}
		id++
	}
	return entries
}

// BenchmarkTail takes in events of ten messages and serves a client that is as far
// behind.
func BenchmarkTail(b *testing.B) {
	t := newTail(publicTail)
	t.begin(nil, 0, 0, true)
	entries := entriesFrom(1, 10)
	b.ReportAllocs()
	for b.Loop() {
		for i := range entries {
			entries[i].ID = t.last + int64(i) + 1
		}
		before := t.last
		t.extend(entries)
		if len(t.since(before, chunkLimit)) != len(entries) {
			b.Fatal("entries are missing")
		}
	}
}

// BenchmarkWave makes a wave of ten messages.
func BenchmarkWave(b *testing.B) {
	entries := entriesFrom(1, 10)
	b.ReportAllocs()
	for b.Loop() {
		newWave(Public, 0, entries, nil, 1, func() {})
	}
}

// names are one of ASCII, one with an accent, and one in a script that looks like Latin.
var names = []string{"alice m. 42", "Zoë Müller", "Иван Петров"}

func BenchmarkParseName(b *testing.B) {
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := protocol.ParseName(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFold(b *testing.B) {
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				protocol.Fold(name)
			}
		})
	}
}

func BenchmarkForms(b *testing.B) {
	for _, name := range append([]string{"Ian"}, names...) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				protocol.Forms(name)
			}
		})
	}
}
