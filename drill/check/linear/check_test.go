package linear

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/drill/check"
)

// goodHistory has overlap, a repeat of what was stored and of what was not, a refusal, a resume, direct messages.
func goodHistory() *check.History {
	w := newWorld()
	ann, ben := w.connect("ann", "a"), w.connect("ben", "b")
	w.begin(ann)
	w.begin(ben)
	w.say(ann, "", "a1")
	w.say(ann, "", "a2")
	w.say(ben, "", "b1")
	w.store(ann)
	w.store(ben)
	w.tell(ann)
	w.store(ann)
	w.ack(ben)
	w.tell(ben)
	w.tell(ben)
	w.ack(ann)
	w.ack(ann)
	w.say(ann, "ben", "d1")
	w.store(ann)
	w.tell(ben)
	w.ack(ann)
	w.say(ben, "", "b2")
	w.refuse(ben)
	w.say(ben, "", "b3")
	w.say(ben, "", "b4")
	w.drop(ben, 1) // b3 is stored, b4 is not, and both come again
	w.say(ann, "ben", "d2")
	w.store(ann)
	w.ack(ann)
	w.wait(2_000_000)
	w.tell(ann)
	cat := w.connect("cat", "a")
	ben = w.connect("ben", "c")
	w.begin(ben)
	w.begin(cat)
	w.store(ben)
	w.store(ben)
	w.ack(ben)
	w.ack(ben)
	w.wait(10_000_000)
	w.say(cat, "", "c1")
	w.store(cat)
	w.ack(cat)
	w.wait(10_000_000)
	dan := w.connect("dan", "b")
	w.begin(dan)
	w.say(dan, "", "d3")
	return w.end()
}

func mustPass(t interface {
	Helper()
	Fatalf(string, ...any)
}, r *Result) {
	t.Helper()
	if r.Failed > 0 || r.Unknown > 0 || r.Left > 0 || r.Operations == 0 {
		t.Fatalf("%+v", r)
	}
}

func TestGoodHistoryIsExplained(t *testing.T) { mustPass(t, Check(goodHistory(), 0)) }

func TestRandomGoodHistoriesAreExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		for i := range rapid.IntRange(20, 300).Draw(t, "steps") {
			w.step(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }, i)
		}
		mustPass(t, Check(w.end(), 0))
	})
}

// step does something: choose gives a number below n.
func (w *world) step(choose func(n int) int, i int) {
	people := []string{"ann", "ben", "cat", "dan"}
	if len(w.open) == 0 || len(w.open) < 8 && choose(8) == 0 {
		w.connect(people[choose(len(people))]+fmt.Sprint(choose(2)), []string{"a", "b", "c"}[choose(3)])
	}
	s := w.open[choose(len(w.open))]
	what := choose(16)
	switch {
	case !s.begun:
		w.begin(s)
	case what < 4:
		w.say(s, "", fmt.Sprint("r", i))
	case what < 6:
		w.say(s, people[choose(len(people))]+fmt.Sprint(choose(2)), fmt.Sprint("r", i))
	case what < 9:
		w.store(s)
	case what < 11:
		w.ack(s)
	case what < 14:
		w.tell(s)
	case what == 14:
		w.refuse(s)
	default:
		w.drop(s, choose(3))
	}
	w.wait(int64(choose(1000)))
}

// bigHistory is of ten people who say 2,000 messages each, on connections that come and go.
func bigHistory() *check.History {
	const people, each, resumes = 10, 2000, 200
	w := newWorld()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range people {
		w.begin(w.connect(fmt.Sprint("p", i), "a"))
	}
	for i := range people * each {
		s := w.open[r.IntN(len(w.open))]
		w.say(s, "", fmt.Sprint("r", i))
		if i%(people*each/resumes) == 0 {
			w.drop(s, r.IntN(3))
			w.begin(w.connect(s.Client, "b"))
		}
		for _, o := range w.open {
			for range 1 + r.IntN(2) {
				w.store(o)
				w.ack(o)
				w.tell(o)
			}
		}
	}
	return w.end()
}

// judgeTime is what the judgement of a big history may take. It takes a third of a second; with the race detector, on a
// machine that had seven times as much to do as it could, some 5 s. A search without bounds takes for ever.
const judgeTime = 30 * time.Second

func TestBigHistoryIsJudgedInTime(t *testing.T) {
	h := bigHistory()
	start := time.Now()
	mustPass(t, Check(h, 0))
	if took := time.Since(start); took > judgeTime {
		t.Errorf("%v", took)
	}
	h.Logs.Public = append(h.Logs.Public[:7000:7000], h.Logs.Public[7001:]...)
	start = time.Now()
	if r := Check(h, 0); r.Failed != 1 || r.Unknown > 0 {
		t.Errorf("one entry is gone: %+v", r)
	}
	if took := time.Since(start); took > judgeTime {
		t.Errorf("%v", took)
	}
}

// crowdHistory has people who all come at once, while others talk: every init is of another moment.
func crowdHistory() *check.History {
	const crowd, talk = 100, 1000
	w := newWorld()
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 5 {
		w.begin(w.connect(fmt.Sprint("p", i), "a"))
	}
	talkers := w.open[:5:5]
	var coming []*socket
	for i := range talk {
		s := talkers[r.IntN(len(talkers))]
		w.say(s, "", fmt.Sprint("r", i))
		if i == talk/4 {
			for n := range crowd {
				coming = append(coming, w.connect(fmt.Sprint("c", n), "b"))
			}
		}
		if len(coming) > 0 && r.IntN(5) == 0 {
			w.begin(coming[0])
			coming = coming[1:]
		}
		for _, s := range talkers {
			for range r.IntN(4) {
				w.store(s)
				w.ack(s)
				w.tell(s)
			}
		}
	}
	return w.end()
}

func TestCrowdThatComesAtOnceIsNoSearch(t *testing.T) {
	h := crowdHistory()
	start := time.Now()
	mustPass(t, Check(h, 0))
	for _, c := range h.Connections[10:60] { // each of them opened as if it were the first of all
		find(c, check.Init, 0).Cursor = h.Logs.Public[0].ID
	}
	if r := Check(h, 0); r.Failed == 0 || r.Unknown > 0 || len(r.Violations[0].Operations) != 2 {
		t.Errorf("%+v", r)
	}
	if took := time.Since(start); took > judgeTime {
		t.Errorf("%v", took)
	}
}

// mutations each break one event, wherever it stands in a history.
var mutations = []struct {
	name  string
	kinds []check.Kind
	alter func(c *check.Connection, i int)
}{
	{"swallow", []check.Kind{check.Msg, check.DM}, func(c *check.Connection, i int) { c.Events = slices.Delete(c.Events, i, i+1) }},
	{"repeat", []check.Kind{check.Msg, check.DM, check.Recalled, check.RecalledDM, check.Ack}, func(c *check.Connection, i int) {
		again := c.Events[i]
		if again.Kind == check.Ack {
			again.ID++
		}
		c.Events = slices.Insert(c.Events, i+1, again)
	}},
	{"scribble", []check.Kind{check.Msg, check.Recalled, check.DM, check.RecalledDM}, func(c *check.Connection, i int) { c.Events[i].Hash++ }},
	{"renumber", []check.Kind{check.Msg, check.Recalled, check.Ack, check.DM, check.RecalledDM}, func(c *check.Connection, i int) {
		c.Events[i].ID--
		c.Events[i].Cursor--
	}},
	{"hurry", []check.Kind{check.Msg, check.DM, check.Ack}, func(c *check.Connection, i int) { c.Events[i].At = c.Opened - 1_000_000_000 }},
}

func TestRandomMutationIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		for i := range rapid.IntRange(50, 200).Draw(t, "steps") {
			w.step(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }, i)
		}
		h := w.end()
		m := rapid.SampledFrom(mutations).Draw(t, "mutation")
		type spot struct {
			c *check.Connection
			i int
		}
		var spots []spot
		for _, c := range h.Connections {
			for i := range c.Events {
				if slices.Contains(m.kinds, c.Events[i].Kind) && (m.name != "swallow" || c.Closed == 0) {
					spots = append(spots, spot{c, i})
				}
			}
		}
		if len(spots) == 0 {
			t.Skip("nothing to break")
		}
		at := rapid.SampledFrom(spots).Draw(t, "spot")
		what := at.c.Events[at.i].Kind
		m.alter(at.c, at.i)
		if r := Check(h, 0); r.Failed == 0 {
			t.Fatalf("%s of a %v at %d on connection %d was not found", m.name, what, at.i, at.c.Number)
		}
	})
}
