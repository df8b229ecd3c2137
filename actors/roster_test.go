package actors

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/actors/protocol"
)

// presenceFrame is any frame that tells of presence.
type presenceFrame struct {
	Type        string
	Room        string
	Name        string
	Count       int
	Members     []string
	MemberCount int `json:"member_count"`
}

// presenceIn takes frames that stand one behind the other apart.
func presenceIn(t interface{ Fatalf(string, ...any) }, frames []byte) []presenceFrame {
	var all []presenceFrame
	for len(frames) > 0 {
		n := firstFrame(frames)
		var f presenceFrame
		if err := json.Unmarshal(protocol.Entry{Frame: frames[:n]}.Payload(), &f); err != nil {
			t.Fatalf("%s: %v", protocol.Entry{Frame: frames[:n]}.Payload(), err)
		}
		all = append(all, f)
		frames = frames[n:]
	}
	return all
}

// believer is a client: it believes what it is told of presence.
type believer struct{ names []string }

func (b *believer) hear(t interface{ Fatalf(string, ...any) }, frames []byte) {
	for _, f := range presenceIn(t, frames) {
		i, present := slices.BinarySearch(b.names, f.Name)
		switch {
		case f.Type == "members":
			if slices.Equal(b.names, f.Members) {
				t.Fatalf("the list that was known is told again")
			}
			if b.names = f.Members; len(f.Members) != f.MemberCount {
				t.Fatalf("%d listed of %d", len(f.Members), f.MemberCount)
			}
			continue
		case f.Type == "member_add" && !present:
			b.names = slices.Insert(b.names, i, f.Name)
		case f.Type == "member_remove" && present:
			b.names = slices.Delete(b.names, i, i+1)
		default:
			t.Fatalf("%s of %s is told, present %v", f.Type, f.Name, present)
		}
		if f.Count != len(b.names) {
			t.Fatalf("%s says %d, not %d", f.Type, f.Count, len(b.names))
		}
	}
}

// TestRosterEndsWithTheTruthWhateverHappensToItsEvents: events come, are lost with
// their link, and the set is read again; each change is told by one frame, and in
// the end the clients believe what is true.
func TestRosterEndsWithTheTruthWhateverHappensToItsEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r roster
		var client believer
		var set []string // the truth, sorted
		var seq int64
		var events []*PresenceChanged
		reads, lossy := 0, false
		now := time.Now()
		tell := func() {
			now = now.Add(membersInterval)
			client.hear(t, newsOf(&r, now))
		}
		ask := func(read bool) {
			if read {
				reads++
			}
		}
		answer := func() {
			reads--
			ask(r.read(&Members{Names: slices.Clone(set), Seq: seq}))
		}
		deliver := func() {
			ask(r.changed(events[0]))
			events = events[1:]
		}
		ask(r.stale())
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
				seq++
				e := &PresenceChanged{Seq: seq}
				if i, present := slices.BinarySearch(set, name); present {
					set, e.Left = slices.Delete(slices.Clone(set), i, i+1), []string{name}
				} else {
					set, e.Joined = slices.Insert(slices.Clone(set), i, name), []string{name}
				}
				events = append(events, e)
			},
			"deliver": func(t *rapid.T) {
				if len(events) == 0 {
					t.Skip("no event")
				}
				deliver()
			},
			"lose": func(t *rapid.T) {
				if len(events) == 0 {
					t.Skip("no event")
				}
				events, lossy = events[1:], true
			},
			"relink":            func(*rapid.T) { lossy = false; ask(r.stale()) },
			"redis begins anew": func(*rapid.T) { seq, events, lossy = 0, nil, true },
			"answer": func(t *rapid.T) {
				if reads == 0 {
					t.Skip("nothing asked")
				}
				answer()
			},
			"tell": func(*rapid.T) { tell() },
		})
		if lossy || !r.known {
			ask(r.stale())
		}
		for len(events)+reads > 0 {
			if reads > 0 {
				answer()
			} else {
				deliver()
			}
		}
		tell()
		if !slices.Equal(client.names, set) || !slices.Equal(r.told, set) {
			t.Fatalf("the client believes %v, the roster %v, the truth is %v", client.names, r.told, set)
		}
	})
}

func TestNewcomersAreShownWhatTheOthersWereTold(t *testing.T) {
	var r roster
	if got := string(r.opening()); got != `"members":[],"member_count":0` {
		t.Errorf("before anything is known: %s", got)
	}
	r.stale()
	r.read(&Members{Names: []string{"b", "a"}, Seq: 7})
	if got := string(r.opening()); got != `"members":[],"member_count":0` {
		t.Errorf("before the others are told: %s", got)
	}
	now := time.Now()
	newsOf(&r, now)
	r.changed(&PresenceChanged{Seq: 8, Joined: []string{"c"}})
	newsOf(&r, now.Add(membersInterval))
	if got := string(r.opening()); got != `"members":["a","b","c"],"member_count":3` {
		t.Errorf("after: %s", got)
	}
}

// crowdOf gives n names, sorted.
func crowdOf(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("n%05d", i)
	}
	return names
}

// TestCrowdIsToldItsListAtMostOnceASecond: from 1,000 members on there are no
// single adds and removes, and beyond them no names.
func TestCrowdIsToldItsListAtMostOnceASecond(t *testing.T) {
	var r roster
	r.stale()
	r.read(&Members{Names: crowdOf(crowd - 1)})
	start := time.Now()
	newsOf(&r, start.Add(-membersInterval))
	seq, lists := int64(0), 0
	change := func(at time.Duration, e PresenceChanged) []presenceFrame {
		seq++
		e.Seq = seq
		r.changed(&e)
		return presenceIn(t, newsOf(&r, start.Add(at)))
	}
	told := change(0, PresenceChanged{Joined: []string{"x0"}})
	if len(told) != 1 || told[0].Type != "members" || len(told[0].Members) != crowd {
		t.Fatalf("the thousandth is told by %v", told)
	}
	last := start
	for i := range 16 { // two a second
		at := time.Duration(i+1) * membersInterval / 2
		for _, f := range change(at, PresenceChanged{Joined: []string{fmt.Sprint("y", i)}}) {
			if f.Type != "members" || f.Members != nil {
				t.Fatalf("a crowd is told %s with %d names", f.Type, len(f.Members))
			}
			if now := start.Add(at); now.Sub(last) < membersInterval {
				t.Fatalf("a list %v after the last", now.Sub(last))
			} else {
				last = now
			}
			lists++
		}
	}
	if lists != 8 {
		t.Errorf("8 s of changes were told by %d lists", lists)
	}
	later := start.Add(time.Hour)
	newsOf(&r, later)
	if told := newsOf(&r, later.Add(time.Hour)); told != nil {
		t.Errorf("nothing has changed, and %s is told", told)
	}
}

func TestChangesThatCancelOutAreNotToldTwice(t *testing.T) {
	var r roster
	r.stale()
	r.read(&Members{Names: []string{"a"}})
	now := time.Now()
	newsOf(&r, now)
	r.changed(&PresenceChanged{Seq: 1, Joined: []string{"a"}, Left: []string{"b"}})
	if told := newsOf(&r, now.Add(membersInterval)); told != nil {
		t.Errorf("a join of who is present, and a leave of who is not, are told: %s", told)
	}
	r.stale()
	r.read(&Members{Names: []string{"a"}, Seq: 9})
	if told := newsOf(&r, now.Add(2*membersInterval)); told != nil {
		t.Errorf("a list that does not differ is told: %s", told)
	}
}

func TestRosterReadsOnceMoreWhatItCouldNotHold(t *testing.T) {
	var r roster
	r.stale()
	for i := range int64(heldChanges + 1) {
		r.changed(&PresenceChanged{Seq: i + 1, Joined: []string{fmt.Sprint(i)}})
	}
	if !r.read(&Members{}) {
		t.Error("more events came than can be held, and the set is not read again")
	}
	if len(r.changes) != heldChanges {
		t.Errorf("%d of the events that were held are taken", len(r.changes))
	}
	if got := strings.Count(string(newsOf(&r, time.Now())), "member_add"); got != crowd-1 {
		t.Errorf("%d were told one by one", got)
	}
}

// TestRosterReadsAHoleAmongTheEventsItHeld, while the set was read.
func TestRosterReadsOnceMoreWhatItMayHaveMissedMeanwhile(t *testing.T) {
	r := &roster{}
	if !r.stale() || r.stale() {
		t.Error("the set is not read once at a time")
	}
	if !r.read(&Members{Seq: 7}) {
		t.Error("something may have been missed while the set was read, and it is not read again")
	}
	if r.read(&Members{Seq: 7}) {
		t.Error("nothing was missed then, and the set is read again")
	}
}

func TestRosterReadsAHoleAmongTheEventsItHeld(t *testing.T) {
	var r roster
	r.stale()
	r.changed(&PresenceChanged{Seq: 7, Joined: []string{"a"}})
	r.changed(&PresenceChanged{Seq: 9, Joined: []string{"c"}})
	if !r.read(&Members{Seq: 6}) {
		t.Error("8 is missing, 9 was dropped, and the set is not read again")
	}
}

func TestCrowdIsToldItsListAtMostOnceASecondAlsoAfterRereads(t *testing.T) {
	var r roster
	now := time.Now()
	for i := range 3 {
		r.stale()
		r.read(&Members{Names: crowdOf(crowd + i), Seq: int64(i)})
		if told := newsOf(&r, now.Add(time.Duration(i)*membersInterval/3)); i > 0 && told != nil {
			t.Errorf("a list %d thirds of the interval after the first", i)
		}
	}
	if told := newsOf(&r, now.Add(membersInterval)); told == nil {
		t.Error("the list that was held back is never told")
	}
}

// newsOf is what one listener is told, for whose sake nothing goes anyway.
func newsOf(r *roster, now time.Time) []byte { return r.news(now, 1, false) }
