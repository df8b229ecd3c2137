package main

import (
	"fmt"
	"strconv"
	"strings"
)

// message is something a client wants to have said, until it is answered.
type message struct {
	ref   string
	to    string // empty: everybody
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

// newBareMessage makes a message whose frame has no ref, though its text begins with one.
func newBareMessage(from, to, ref, filler string) message {
	m := newMessage(from, to, ref, filler)
	m.bare = true
	m.frame = strings.Replace(m.frame, "#"+ref, "", 1)
	return m
}

// refOf is the ref that a text of that user begins with, empty where it isn't one of drill's.
func refOf(user, text string) string {
	ref, _, found := strings.Cut(text, " ")
	if !found || !strings.HasPrefix(ref, user+"-") {
		return ""
	}
	return ref
}

// sequence is the number of a client's message, 0 where it is somebody else's. After a rename the name has a suffix.
func sequence(base, user, text string) int {
	if !strings.HasPrefix(user, base) {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimPrefix(refOf(user, text), user+"-"))
	if err != nil {
		return 0
	}
	return n
}
