package redisbridge

import (
	"testing"
	"time"

	"parley/actors"
)

// TestIDsAfterALossAreAboveAllThatWereSeen, whatever the clock says: who has read further would
// be told nothing otherwise.
func TestIDsAfterALossAreAboveAllThatWereSeen(t *testing.T) {
	s := openStore(t, "127.0.0.1:1", "n", 10) // it is not asked for anything
	s.candidate = "the first"
	s.accept(time.Now())
	ahead := time.Now().Add(time.Hour).UnixMicro()
	room, inbox, talk := actors.Public, actors.Inbox("bob"), conversation("alice", "bob")
	s.seen.heard(inbox, ahead)
	if floor := s.floor(room); floor != 0 {
		t.Errorf("ids are above %d, though nothing was lost", floor)
	}
	above := func(id int64) {
		t.Helper()
		for _, log := range []actors.Log{room, inbox, talk} {
			if floor := s.floor(log); floor < id+liftBy || floor >= id+liftBy+1_000_000 {
				t.Errorf("%d was seen, and ids of %s are above %d", id, logKey(log), floor)
			}
		}
		if s.floor(talk) == s.floor(conversation("bob", "alice")) {
			t.Error("both directions of a conversation have the same ids")
		}
	}
	s.candidate = "another"
	if !s.accept(time.Now()) {
		t.Error("another Redis is none")
	}
	above(ahead)
	for i, seen := range []func(id int64){
		func(id int64) { s.seen.heard(room, id) },
		func(id int64) { s.seen.wrote(talk, id, time.Now()) },
	} {
		further := ahead + int64(i+1)*10*liftBy
		seen(further)
		s.isBehind(room)
		above(further)
	}
}
