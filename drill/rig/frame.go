package rig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Frame is something the server said. What every frame of a stream is asked for is scanned, not decoded: a drill or a
// load generator hears millions of them.
type Frame struct {
	At     time.Time // when it was read off the socket
	Type   string    // as in the JSON; "welcome" for the one frame that is plain text
	ID     int64     // of msg, dm and ack
	Cursor int64     // of dm, init, joined and entered
	Ref    string    // of answers, empty where there is none
	Room   string    // of what is in one; empty: the public one
	Code   string    // of error
	Raw    []byte    // the frame byte for byte
}

// Welcome is the Type of "Welcome NAME!".
const Welcome = "welcome"

// ParseFrame scans raw and keeps it.
func ParseFrame(raw []byte) Frame {
	f := Frame{Raw: raw}
	if len(raw) == 0 || raw[0] != '{' {
		if bytes.HasPrefix(raw, []byte("Welcome ")) {
			f.Type = Welcome
		}
		return f
	}
	f.Type = frameType(raw)
	switch f.Type {
	case "msg":
		f.ID, f.Room = scanInt(raw, `"id":`), scanString(raw, `"room":`)
	case "member_add", "member_remove":
		f.Room = scanString(raw, `"room":`)
	case "history", "rooms":
		f.Ref = scanWord(raw, `"ref":"`)
	case "dm":
		f.ID, f.Cursor = scanInt(raw, `"id":`), scanInt(raw, `"cursor":`)
	case "ack":
		f.ID, f.Ref = scanInt(raw, `"id":`), scanWord(raw, `"ref":"`)
	case "error":
		f.Code, f.Ref = scanWord(raw, `"code":"`), scanWord(raw, `"ref":"`)
	case "init", "joined", "entered", "exited", "members":
		var head struct {
			Ref, Room string
			Cursor    int64
		}
		if json.Unmarshal(raw, &head) == nil { // nested messages have cursors and rooms too: a scan would find theirs
			f.Ref, f.Room, f.Cursor = head.Ref, head.Room, head.Cursor
		}
	}
	return f
}

// frameType reads the type where it stands first, as this server writes it; from others it takes a whole decoding, since
// messages nested in a frame have types too.
func frameType(raw []byte) string {
	if bytes.HasPrefix(raw, []byte(`{"type":"`)) {
		return scanWord(raw, `"type":"`)
	}
	var head struct{ Type string }
	_ = json.Unmarshal(raw, &head) // not JSON: no type
	return head.Type
}

// Decode decodes the whole frame; for the plain Welcome it fails.
func (f Frame) Decode(into any) error {
	if err := json.Unmarshal(f.Raw, into); err != nil {
		return fmt.Errorf("failed to decode a frame of type %q: %w", f.Type, err)
	}
	return nil
}

// Message is a msg or a dm.
type Message struct {
	ID     int64  `json:"id"`
	User   string `json:"user"`
	To     string `json:"to"`
	Room   string `json:"room"`
	Text   string `json:"text"`
	Time   int64  `json:"time"`
	Cursor int64  `json:"cursor"`
}

// Message decodes a msg or a dm; the zero Message for anything else.
func (f Frame) Message() Message {
	var m Message
	if f.Type == "msg" || f.Type == "dm" {
		_ = json.Unmarshal(f.Raw, &m) // a frame that isn't JSON is the zero Message
	}
	return m
}

// String is for the messages of failing tests.
func (f Frame) String() string { return strings.ToValidUTF8(string(f.Raw), "?") }

// scanInt reads the number after key. A key can't stand inside a string of a flat JSON object: its quotes would be
// escaped there.
func scanInt(raw []byte, key string) int64 {
	i := bytes.Index(raw, []byte(key))
	if i < 0 {
		return 0
	}
	var n int64
	for _, c := range raw[i+len(key):] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// scanWord reads the string after key, up to its quote: right for types, codes and refs, which need no escapes.
func scanWord(raw []byte, key string) string {
	i := bytes.Index(raw, []byte(key))
	if i < 0 {
		return ""
	}
	rest := raw[i+len(key):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return ""
	}
	return string(rest[:end])
}

// scanString is scanWord for what may need escapes; key ends with the colon.
func scanString(raw []byte, key string) string {
	i := bytes.Index(raw, []byte(key))
	if i < 0 {
		return ""
	}
	var s string
	_ = json.NewDecoder(bytes.NewReader(raw[i+len(key):])).Decode(&s) // not JSON: no such field
	return s
}
