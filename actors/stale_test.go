package actors

import (
	"slices"
	"testing"
)

// TestClientThatMissedPresenceHearsNoChangesBeforeTheWholeList: they would not fit what it
// knows, as a member_add for a name that it has never heard to have gone.
func TestClientThatMissedPresenceHearsNoChangesBeforeTheWholeList(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.arrive("ann")
	u.believes("ann")
	s := &session{chat: chat, conn: &Connection{chat: chat, socket: newFakeSocket()}}
	s.conn.state.opened, s.conn.state.membersStale = true, true
	s.conn.state.version = 1
	entries := entriesOf(1, 2)
	for _, of := range [][]Entry{nil, entries} {
		w := newWave(Public, 0, of, memberFrame("member_add", "ann", 1), 1, func() {})
		w.Version = 2
		s.forward(nil, w)
	}
	told := s.conn.socket.(*fakeSocket)
	if heard := told.heard(); len(heard) != len(entries) || s.conn.state.version != 1 {
		t.Errorf("told %q, and is at version %d", heard, s.conn.state.version)
	}
	s.membersTold(&MembersTold{Frame: membersFrame(appendMembers(nil, []string{"ann"}, 1)), Version: 2})
	w := newWave(Public, 2, nil, memberFrame("member_remove", "ann", 0), 1, func() {})
	w.Version = 3
	s.forward(nil, w)
	heard := told.heard()[len(entries):]
	if !slices.Equal(heard, []string{`{"type":"members","members":["ann"],"member_count":1}`, `{"type":"member_remove","name":"ann","count":0}`}) {
		t.Errorf("then told %q", heard)
	}
}
