package main

import (
	"reflect"
	"strings"
	"testing"

	"parley/drill/check"
	"parley/drill/rig"
	"parley/drill/witness"
)

func testTalker(name string) *talker {
	return newTalker(name, []*node{{name: "a"}, {name: "b"}}, &recorder{}, 1, &sociable{}, nil)
}

func TestContenderWithoutItsTokenIsAStrangerToWhomItWas(t *testing.T) {
	c := testTalker("prize")
	c.contends, c.mark = true, "a"
	people := map[string]bool{}
	for range 20 {
		c.mu.Lock()
		c.begin()
		c.mu.Unlock()
		frame, person, shown := c.joinFrame()
		if shown != strings.HasSuffix(frame, ":secret") {
			t.Fatalf("%s, and the token was shown: %v", frame, shown)
		}
		if people[person] != shown {
			t.Fatalf("%s joins with %s, and was there before: %v", person, frame, people[person])
		}
		people[person], c.token = true, "secret"
	}
	if n := len(people); n < 2 || n == 20 {
		t.Errorf("in 20 connections it was %d people", n)
	}
	before := c.person
	c.mu.Lock()
	c.estrange()
	c.mu.Unlock()
	if _, _, shown := c.joinFrame(); shown || c.person == before || c.dmSince != check.None {
		t.Error("told that the name is taken, it is still who it was")
	}
}

// TestTokenOfAClaimThatSomebodyTookProvesNothing: the name is granted anew, with another token.
func TestTokenOfAClaimThatSomebodyTookProvesNothing(t *testing.T) {
	for granted, want := range map[string]bool{"secret": true, "another": false} {
		c := testTalker("prize")
		c.token = "secret"
		rec := c.recorder.open("prize", c.nodes[0], check.None, check.None)
		v := &visit{talker: c, node: c.nodes[0], record: rec, welcome: make(chan struct{})}
		_, person, shown := c.joinFrame()
		rec.joining(person, shown)
		v.hear(rig.ParseFrame([]byte(`{"type":"joined","name":"prize","token":"` + granted + `","dms":[]}`)))
		if got := c.recorder.seal()[0].Shown; got != want || c.token != granted {
			t.Errorf("granted %q, it is %v that the token proved it; it holds %q", granted, got, c.token)
		}
	}
}

func TestSecondDeviceIsTheSamePersonAndSaysThingsOfItsOwn(t *testing.T) {
	first, second := testTalker("pair"), testTalker("pair")
	first.token, second.mark = "secret", "second"
	second.become(first)
	if frame, person, shown := second.joinFrame(); frame != "join:pair:secret" || person != "pair" || !shown {
		t.Errorf("it joins with %s as %s", frame, person)
	}
	if a, b := first.compose(""), second.compose(""); a.ref == b.ref || witness.RefOf("pair", b.text) != b.ref {
		t.Errorf("they say %q and %q", a.text, b.text)
	}
}

func TestBareMessageBearsItsRefInItsTextAlone(t *testing.T) {
	for to, want := range map[string]string{"": "msg:alice:alice-1 a#b", "bob": "dm:alice:bob:alice-1 a#b"} {
		if m := bared(newMessage("alice", to, "alice-1", "a#b")); m.frame != want || m.ref != "alice-1" || !m.bare {
			t.Errorf("%+v", m)
		}
	}
}

func TestNodeThatIsGoingAwayIsShunnedOnce(t *testing.T) {
	c := testTalker("c1")
	c.shun = c.nodes[0]
	if c.shuns(c.nodes[1]) {
		t.Error("another node is shunned")
	}
	c.shun = c.nodes[0]
	if !c.shuns(c.nodes[0]) || c.shuns(c.nodes[0]) {
		t.Error("it is not shunned, or for ever")
	}
}

func TestWhatComesAfterTheHistoryWasTakenChangesNothingInIt(t *testing.T) {
	r := &recorder{}
	rec := r.open("prize", &node{name: "a"}, check.None, check.None)
	rec.joining("first", true)
	rec.stall()
	conn := r.seal()[0]
	before := *conn
	rec.unstall()
	rec.stall()
	rec.unstall()
	rec.joining("second", false)
	rec.unproved()
	rec.parting()
	rec.closed(1000, true)
	if !reflect.DeepEqual(*conn, before) || len(conn.Stalls) != 1 || len(conn.Events) != 1 {
		t.Errorf("taken was %+v, and now it is %+v", before, *conn)
	}
}
