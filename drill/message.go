package main

import (
	"fmt"
	"strconv"
	"strings"

	"parley/drill/witness"
)

// message is something a client wants to have said, until it is answered.
type message struct {
	ref   string
	to    string // empty: everybody, there
	room  string // empty: everywhere
	text  string
	bare  bool // said without its ref: answered by nothing but an error
	frame string
}

// fillers make texts differ in what a parser could trip over.
var fillers = []string{"hello", "a: b: c", "two\nlines", `"quoted" \ and {"type":"msg","id":1}`, "grüße ☃ 你好", "#hash:tag", strings.Repeat("long ", 60)}

// newMessage makes a message whose text begins with its ref: so its place in a log is found for ever, not only while
// the server keeps refs.
func newMessage(from, to, ref, filler string) message {
	m := message{ref: ref, to: to, text: ref + " " + filler}
	if to == "" {
		m.frame = fmt.Sprintf("msg#%s:%s:%s", ref, from, m.text)
	} else {
		m.frame = fmt.Sprintf("dm#%s:%s:%s:%s", ref, from, to, m.text)
	}
	return m
}

// newRoomMessage makes one for a room.
func newRoomMessage(from, room, ref, filler string) message {
	m := newMessage(from, "", ref, filler)
	m.room = room
	m.frame = fmt.Sprintf("room#%s:%s:%s:%s", ref, from, room, m.text)
	return m
}

// bared is a message whose frame has no ref, though its text begins with one.
func bared(m message) message {
	m.bare = true
	m.frame = strings.Replace(m.frame, "#"+m.ref, "", 1)
	return m
}

// sequence is the number of a client's message, 0 where it is somebody else's. After a rename the name has a suffix.
func sequence(base, user, text string) int {
	if !strings.HasPrefix(user, base) {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimPrefix(witness.RefOf(user, text), user+"-"))
	if err != nil {
		return 0
	}
	return n
}
