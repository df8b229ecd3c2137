package redisbridge

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/actors/protocol"
)

// written appends messages and gives their entries.
func written(t *testing.T, s *Store, refs ...string) []protocol.Entry {
	t.Helper()
	c := publics(s, refs...)
	a := run(t, s, c)
	entries := make([]protocol.Entry, len(refs))
	for i := range refs {
		entries[i] = c.entry(i, a.ids[i])
	}
	return entries
}

// TestWhatRedisForgotIsPutBackByteForByte by several nodes at once, and again; with
// the references, so that a repeat is known.
func TestWhatRedisForgotIsPutBackByteForByte(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 1000), open("b", 1000)
		var refs []string
		for i := range 50 {
			refs = append(refs, fmt.Sprint("alice#", i))
		}
		entries := written(t, a, refs...)
		before, beforeRefs := held(t, a, publicKey), held(t, a, refsKey(publicKey))
		must(t, a.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), a.client))
		newer := written(t, b, "bob#new") // somebody wrote meanwhile
		var nodes sync.WaitGroup
		for i, s := range []*Store{a, b, a} {
			nodes.Go(func() { // each has another part of it
				if err := s.restore(soon(t), []*actors.Restore{{After: int64(append([]redis.Z{{}}, before...)[i*10].Score), Entries: entries[i*10:]}}); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		got, gotRefs := held(t, a, publicKey), held(t, a, refsKey(publicKey))
		if n := len(got) - 1; !reflect.DeepEqual(got[:n], before) || got[n].Member != string(newer[0].Payload()) {
			t.Errorf("%d are held, not the %d there were and the new one", len(got), len(before))
		}
		if !reflect.DeepEqual(gotRefs[:len(gotRefs)-1], beforeRefs) {
			t.Error("the references are not what they were")
		}
		if id := trimmedOf(t, a, actors.Public); id != 0 {
			t.Errorf("up to %d some may be missing", id)
		}
		if again := run(t, a, publics(a, "alice#7")); again.ids[0] != entries[7].ID {
			t.Errorf("the repeat of %d got %d", entries[7].ID, again.ids[0])
		}
	})
}

// trimmedOf is up to where a log says that it may lack messages.
func trimmedOf(t *testing.T, s *Store, log actors.Log) int64 {
	t.Helper()
	read, err := s.readLogs(soon(t), []*logRead{{question: question{log: log, limit: 1}}})
	must(t, err)
	return read[0].Trimmed
}

// TestLogSaysWhatNobodyCouldPutBack: who resumes from before a message that is missing is
// told so, whoever has written back what, and in which order; and nobody else.
func TestLogSaysWhatNobodyCouldPutBack(t *testing.T) {
	t.Parallel()
	type part struct{ first, last int } // the messages that a node holds, from 1 on
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		for why, c := range map[string]struct {
			kept    int // what Redis still has, from the oldest on
			parts   []part
			missing int // the newest that is
		}{
			"everything is back":                         {0, []part{{1, 9}}, 0},
			"the oldest are not":                         {0, []part{{5, 9}}, 4},
			"the oldest come from another":               {0, []part{{5, 9}, {1, 4}}, 0},
			"the oldest come first":                      {0, []part{{1, 4}, {5, 9}}, 0},
			"who held the middle has died":               {0, []part{{1, 3}, {5, 9}}, 4},
			"who held the middle has died, newest first": {0, []part{{5, 9}, {1, 3}}, 4},
			"two holes":                                  {0, []part{{3, 4}, {6, 7}, {9, 9}}, 8},
			"two holes, of which one is filled late":     {0, []part{{3, 4}, {6, 7}, {9, 9}, {8, 8}}, 5},
			"all holes are filled late":                  {0, []part{{9, 9}, {7, 7}, {8, 8}, {4, 6}, {1, 3}}, 0},
			"parts overlap":                              {0, []part{{4, 7}, {5, 9}, {1, 5}}, 0},
			"Redis has the oldest":                       {4, []part{{5, 9}}, 0},
			"Redis has the oldest, and not the middle":   {2, []part{{5, 9}}, 4},
			"nobody holds the newest any more":           {0, []part{{5, 4}}, 4},
			"Redis has everything":                       {9, []part{{5, 9}, {7, 7}}, 0},
			"twice":                                      {0, []part{{5, 9}, {5, 9}}, 4},
		} {
			must(t, s.client.FlushAll(soon(t)).Err())
			must(t, loadScripts(soon(t), s.client))
			var entries []protocol.Entry
			for i := range 9 {
				entries = append(entries, written(t, s, fmt.Sprint("alice#", i))...)
			}
			must(t, s.client.ZRemRangeByRank(soon(t), publicKey, int64(c.kept), -1).Err())
			idOf := func(n int) int64 { return append([]protocol.Entry{{}}, entries...)[n].ID }
			for _, p := range c.parts {
				must(t, s.restore(soon(t), []*actors.Restore{{After: idOf(p.first - 1), Entries: entries[p.first-1 : p.last]}}))
			}
			if got := trimmedOf(t, s, actors.Public); got != idOf(c.missing) {
				t.Errorf("%s: up to %d (%v) some may be missing, not %d", why, got, slices.IndexFunc(entries, func(e protocol.Entry) bool { return e.ID == got })+1, c.missing)
			}
		}
	})
}

// TestRepeatOfWhatALogNoLongerKeepsIsKnownAfterALoss, whoever comes first: what one node wrote
// back has the log trimmed beyond what another holds.
func TestRepeatOfWhatALogNoLongerKeepsIsKnownAfterALoss(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 4)
		var refs []string
		for i := range 9 {
			refs = append(refs, fmt.Sprint("alice#", i))
		}
		entries := written(t, s, refs...)
		must(t, s.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), s.client))
		must(t, s.restore(soon(t), []*actors.Restore{{After: entries[2].ID, Entries: entries[3:]}, {Entries: entries[:3]}}))
		for i, again := range written(t, s, refs...) {
			if again.ID != entries[i].ID {
				t.Errorf("the repeat of %d got %d", entries[i].ID, again.ID)
			}
		}
		if got := held(t, s, publicKey); len(got) != 4 {
			t.Errorf("the log has %v", got)
		}
	})
}

// TestWhatALogNoLongerKeepsIsNotPutBack, nor is it missed.
func TestWhatALogNoLongerKeepsIsNotPutBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 4)
		var entries []protocol.Entry
		for i := range 9 {
			entries = append(entries, written(t, s, fmt.Sprint("alice#", i))...)
		}
		must(t, s.restore(soon(t), []*actors.Restore{{After: entries[1].ID, Entries: entries[2:4]}, {After: entries[2].ID, Entries: entries[3:]}}))
		if got := held(t, s, publicKey); len(got) != 4 || trimmedOf(t, s, actors.Public) != entries[4].ID {
			t.Errorf("%d are kept, and those up to %d are not", len(got), trimmedOf(t, s, actors.Public))
		}
	})
}

func TestInboxThatIsPutBackPutsItsConversationsBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 1000)
		work := direct(actors.Message{Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst"})
		stored, err := s.append(soon(t), work, 0)
		must(t, err)
		keys := []string{"chat:dm:alice:bob", "{chat:dm:alice:bob}:refs", "chat:inbox:alice", "chat:inbox:bob", "{chat:inbox:bob}:refs", "chat:peers:alice", "chat:peers:bob"}
		before := map[string]any{}
		for _, key := range keys {
			before[key] = held(t, s, key)
		}
		must(t, s.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), s.client))
		for range 2 {
			for _, e := range stored {
				must(t, s.restore(soon(t), []*actors.Restore{{Log: e.log, After: e.prev, Entries: []protocol.Entry{e.entry}}}))
			}
		}
		for _, key := range keys {
			if got := held(t, s, key); !reflect.DeepEqual(any(got), before[key]) {
				t.Errorf("%s holds %v, not %v", key, got, before[key])
			}
		}
	})
}

// TestNodesReadWhatIsInTheLogs: the newest, what is after a cursor, and what is gone.
func TestNodesReadWhatIsInTheLogs(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 6)
		var entries []protocol.Entry
		for i := range 8 {
			entries = append(entries, written(t, s, fmt.Sprint("alice#", i))...)
		}
		for _, c := range []struct {
			after    int64
			limit    int
			from, to int
		}{
			{actors.Newest, 3, 5, 8}, {actors.Newest, 100, 2, 8}, {entries[4].ID, 100, 5, 8},
			{entries[4].ID, 2, 5, 7}, {0, 3, 2, 5}, {entries[7].ID, 5, 8, 8},
		} {
			got, err := s.readLogs(soon(t), []*logRead{{question: question{after: c.after, limit: c.limit}}})
			must(t, err)
			r := got[0]
			same := slices.EqualFunc(r.Entries, entries[c.from:c.to], func(a, b protocol.Entry) bool {
				return a.ID == b.ID && (a.Ref == b.Ref || c.after == 0) && string(a.Frame) == string(b.Frame)
			})
			if !same || r.Newest != entries[7].ID || r.Trimmed != entries[1].ID || r.More != (len(r.Entries) == c.limit) {
				t.Errorf("%d after %d: %d entries, newest %d, trimmed %d, more %v", c.limit, c.after, len(r.Entries), r.Newest, r.Trimmed, r.More)
			}
		}
	})
}

// TestDirectMessageSaidAgainAfterALossIsStoredOnce: what this node holds of it is written back
// before.
func TestDirectMessageSaidAgainAfterALossIsStoredOnce(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	h := newHouse(t, openStore(t, redis.Addr(), "n", 100))
	say := func(seq uint64) int64 {
		h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{
			{Seq: seq, Ref: "alice#again", Sender: "alice", Receiver: "bob", Text: "once", Received: time.Now()},
		}})
		return h.outcome(seq).ID
	}
	first := say(1)
	_, err := redis.Do(soon(t), "FLUSHDB")
	must(t, err)
	if again := say(2); again != first {
		t.Errorf("the repeat of %d got %d", first, again)
	}
	for _, key := range []string{"chat:dm:alice:bob", "chat:inbox:alice", "chat:inbox:bob"} {
		if n := len(held(t, h.store, key)); n != 1 {
			t.Errorf("%s has it %d times", key, n)
		}
	}
}

// TestMessageIsNotPutBackBesideItself: another node took the repeat before.
func TestMessageIsNotPutBackBesideItself(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 1000), open("b", 1000)
		entries := written(t, a, "alice#again", "alice#alone")
		must(t, a.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), a.client))
		written(t, b, "alice#again")
		must(t, a.restore(soon(t), []*actors.Restore{{Entries: entries}}))
		if all := held(t, a, publicKey); len(all) != 2 {
			t.Errorf("the log has %v", all)
		}
		old := written(t, a, "alice#old", "alice#older")
		must(t, a.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), a.client))
		old[0].Ref, old[1].Ref = "", "" // they are not known for longer than ten minutes
		must(t, a.restore(soon(t), []*actors.Restore{{After: entries[1].ID, Entries: old}}))
		if all := held(t, a, publicKey); len(all) != 2 {
			t.Errorf("of those whose references are not known the log has %v", all)
		}
	})
}

// TestLogThatNobodyCanMendIsWrittenToAllTheSame.
func TestLogThatNobodyCanMendIsWrittenToAllTheSame(t *testing.T) {
	for log, forgotten := range map[actors.Log]int64{actors.Inbox("bob"): 0, conversation("a", "b"): 0, actors.Public: 7} {
		s := seenLogs{logs: map[actors.Log]seenLog{}}
		now := time.Now()
		s.wrote(log, 7, now)
		s.wrote(log, 5, now)
		if n := s.least(log, now); n != 7 {
			t.Errorf("%s has to have %d", logKey(log), n)
		}
		if n := s.least(log, now.Add(seenFor+time.Second)); n != forgotten {
			t.Errorf("after its time %s has to have %d", logKey(log), n)
		}
		for range giveUpBehind {
			s.isBehind(log)
		}
		if n := s.least(log, now); n != 0 {
			t.Errorf("though nobody has it, %s has to have %d", logKey(log), n)
		}
		s.wrote(log, 9, now)
		for i := range 2 * seenMost {
			s.wrote(actors.Inbox(fmt.Sprint(i)), 1, now)
		}
		if len(s.logs) > seenMost {
			t.Errorf("%d are remembered", len(s.logs))
		}
		if n := s.least(log, now); forgotten != 0 && n != 9 {
			t.Errorf("beside many others %s has to have %d", logKey(log), n)
		}
	}
}

// TestWhatOthersWroteToARoomCounts, and what they wrote to an inbox does not: but ids after a loss
// are above both.
func TestWhatOthersWroteToARoomCounts(t *testing.T) {
	s := seenLogs{logs: map[actors.Log]seenLog{}}
	now := time.Now()
	s.wrote(actors.Public, 3, now)
	for _, id := range []int64{7, 5} {
		s.heard(actors.Public, id, now)
		s.heard(actors.Inbox("bob"), 10+id, now)
	}
	if room, inbox := s.least(actors.Public, now), s.least(actors.Inbox("bob"), now); room != 7 || inbox != 0 {
		t.Errorf("the room has to have %d, the inbox %d", room, inbox)
	}
	if n := s.any(); n != 17 {
		t.Errorf("the newest is %d", n)
	}
}

// TestNothingIsStoredBeforeAllIsWrittenBack, also where that takes longer than others are waited
// for: what was said through another node this one can't miss by itself.
func TestNothingIsStoredBeforeAllIsWrittenBack(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	var begun sync.Map // lanes
	free := make(chan struct{})
	s, err := OpenIn(Surroundings{Go: func(lane string, work func()) {
		begun.Store(lane, true)
		go func() {
			if lane == "restore" {
				<-free
			}
			work()
		}()
	}}, Settings{Addr: r.Addr(), HistoryKeep: 100, RoomKeep: time.Hour}, "n", zerolog.Nop(), prometheus.NewRegistry())
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	has := func(lane string) bool { _, has := begun.Load(lane); return has }
	h := newHouse(t, s)
	m := actors.Message{Seq: 1, Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst", Received: time.Now()}
	first := direct(m)
	stored, err := known(t, openStore(t, r.Addr(), "other", 100)).append(soon(t), first, 0)
	must(t, err)
	must(t, r.Kill())
	must(t, r.Start())
	eventually(t, "the bridge tells that Redis has begun anew", func() bool { return len(of[*actors.RedisChanged](h.ear)) == 1 })
	for _, e := range stored {
		h.root.Send(h.bridge, &actors.Restore{Log: e.log, After: e.prev, Entries: []protocol.Entry{e.entry}})
	}
	eventually(t, "others have had their time, and names are their holders'", func() bool {
		now := time.Now()
		return !s.restoring(now) && s.lease.lasts(now)
	})
	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{m}})
	h.root.Send(h.bridge, &actors.Present{Joined: []string{"alice"}})
	eventually(t, "the bridge has begun what it may", func() bool { return has("presence") })
	if !has("restore") || has("direct") {
		t.Errorf("it writes back: %v, and stores: %v", has("restore"), has("direct"))
	}
	close(free)
	if o := h.outcome(1); o.ID != first[0].id {
		t.Errorf("said again while it was not written back yet, %d is %d", first[0].id, o.ID)
	}
}
