package actors

import (
	"slices"
	"testing"

	"parley/actors/protocol"
)

// TestListThatComesWhileTheClientDoesNotReadIsToldLater: the changes that follow are to it.
func TestListThatComesWhileTheClientDoesNotReadIsToldLater(t *testing.T) {
	t.Parallel()
	s := &session{conn: &Connection{socket: newFakeSocket()}}
	st := &s.conn.state
	st.opened, st.clogged = true, true
	c := st.follow(everyone, 0)
	c.version = 1
	s.membersTold(&membersTold{Frame: protocol.MembersFrame("", protocol.AppendMembers(nil, nil, 0)), Version: 1})
	if c.stale {
		t.Error("the list that it knows is told again")
	}
	s.membersTold(&membersTold{Frame: protocol.MembersFrame("", protocol.AppendMembers(nil, []string{"ann"}, 1)), Version: 2})
	if c.version != 1 || !c.stale {
		t.Errorf("it is at version %d, and asks for no other", c.version)
	}
}

// TestChangeOfPresenceAfterOneThatWasMissedIsNotTold: a session died with the wave in hand, and
// the next came before the room knew of another. The whole list is told instead.
func TestChangeOfPresenceAfterOneThatWasMissedIsNotTold(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	u.hears(`"type":"init"`)
	redis.arrive("ann")
	u.believes("ann")
	wave := func(joined bool, name string, before, version int64) {
		kind := "member_remove"
		if joined {
			kind = "member_add"
		}
		w := newWave(Public, 0, nil, protocol.MemberFrame(kind, "", name, 1), 1, func() {})
		w.Before, w.Version = before, version
		chat.root.Send(u.conn.pid, w)
	}
	told := func() int { return len(u.heardOf("members")) }
	version := chat.books.of(Public, "").roster.version // nobody else arrives
	wave(true, "bob", version+1, version+2)
	eventually(t, "the whole list is told", func() bool { return told() == 1 })
	if heard := u.heardOf("member_add"); len(heard) != 1 {
		t.Errorf("told %q", heard)
	}
	wave(false, "ann", version, version+1)
	u.hears(`{"type":"member_remove","name":"ann"`)
	if told() != 1 {
		t.Error("the whole list is told again, though nothing was missed")
	}
}

// TestClientThatMissedPresenceHearsNoChangesBeforeTheWholeList: they would not fit what it
// knows, as a member_add for a name that it has never heard to have gone.
func TestClientThatMissedPresenceHearsNoChangesBeforeTheWholeList(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	u := connect(t, chat, Newest)
	redis.arrive("ann")
	u.believes("ann")
	s := &session{chat: chat, conn: &Connection{chat: chat, socket: newFakeSocket()}}
	s.conn.state.opened = true
	c := s.conn.state.follow(everyone, 0)
	c.stale, c.version = true, 1
	entries := entriesOf(1, 2)
	for _, of := range [][]protocol.Entry{nil, entries} {
		w := newWave(Public, 0, of, protocol.MemberFrame("member_add", "", "ann", 1), 1, func() {})
		w.Version = 2
		s.forward(nil, w)
	}
	told := s.conn.socket.(*fakeSocket)
	if heard := told.heard(); len(heard) != len(entries) || c.version != 1 {
		t.Errorf("told %q, and is at version %d", heard, c.version)
	}
	s.membersTold(&membersTold{Frame: protocol.MembersFrame("", protocol.AppendMembers(nil, []string{"ann"}, 1)), Version: 2})
	w := newWave(Public, 2, nil, protocol.MemberFrame("member_remove", "", "ann", 0), 1, func() {})
	w.Version = 3
	s.forward(nil, w)
	heard := told.heard()[len(entries):]
	if !slices.Equal(heard, []string{`{"type":"members","members":["ann"],"member_count":1}`, `{"type":"member_remove","name":"ann","count":0}`}) {
		t.Errorf("then told %q", heard)
	}
}

// TestPresenceThatAFullSocketDidNotTakeIsMissed: it is told before messages, in one write.
func TestPresenceThatAFullSocketDidNotTakeIsMissed(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	presence := protocol.MemberFrame("member_add", "", "ann", 1)
	for space, missed := range map[int]bool{0: true, len(presence): false} {
		socket := newFakeSocket()
		socket.clog(space)
		s := &session{chat: chat, conn: &Connection{chat: chat, socket: socket}}
		s.conn.state.opened = true
		c := s.conn.state.follow(everyone, 0)
		w := newWave(Public, 0, entriesOf(1, 2), presence, 1, func() {})
		w.Version = 1
		s.forward(nil, w)
		if c.stale != missed || !s.conn.state.clogged || c.at != 0 {
			t.Errorf("where there is space for %d bytes, missed is %v, and it is at %d", space, c.stale, c.at)
		}
	}
}

// TestFirstFrameIsTheWholeList: what a session was told before, which died with the first frame,
// is not missed.
func TestFirstFrameIsTheWholeList(t *testing.T) {
	t.Parallel()
	chat, _ := newChat(t)
	s := &session{chat: chat, conn: &Connection{chat: chat, socket: newFakeSocket()}}
	s.conn.state.follow(everyone, Newest)
	add := func(version int64) {
		w := newWave(Public, 0, nil, protocol.MemberFrame("member_add", "", "ann", 1), 1, func() {})
		w.Version = version
		s.forward(nil, w)
	}
	add(2)
	s.opened(nil, &opened{place: everyone, Members: protocol.AppendMembers(nil, nil, 0), Version: 2})
	add(3)
	if heard := s.conn.socket.(*fakeSocket).heard(); len(heard) != 2 {
		t.Errorf("told %q", heard)
	}
}
