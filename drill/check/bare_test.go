package check

import "testing"

// withBare is the good history, in which alice, who stays to the end, says one thing without a ref.
func withBare() (h *History, said *Event) {
	h = goodHistory()
	c := h.Connections[alice]
	i := find(c, Send, 0)
	c.Events[i].Detail = &Detail{Ref: c.Events[i].Ref, Bare: true}
	remove(c, Ack, 0)
	return h, &c.Events[i]
}

func TestWhatBoreNoRefNeedsNoAnswer(t *testing.T) {
	h, _ := withBare()
	if r := Check(h); r.Failed() {
		t.Errorf("found: %+v", r.Verdicts)
	}
}

func TestWhatBoreNoRefIsStoredOrRefused(t *testing.T) {
	h, said := withBare()
	h.Logs.Public[0].Ref = ""
	if r := Check(h); !r.Has(Silent) {
		t.Errorf("not found; found: %+v", r.Verdicts)
	}
	c := h.Connections[alice]
	c.Events = append(c.Events, Event{Kind: RefusedBare, At: h.End, Detail: &Detail{Name: "unavailable"}})
	if r := Check(h); r.Has(Silent) {
		t.Errorf("though refused: %+v", r.Verdicts[Answered])
	}
	c.Events = c.Events[:len(c.Events)-1]
	h.Faults = []Fault{{Name: "redis-wipe", Start: said.At + second, End: said.At + 2*second, LosesData: true}}
	if r := Check(h); !r.Has(Silent) {
		t.Errorf("though all nodes lived that held it: %+v", r.Verdicts[Answered])
	}
	h.Faults = append(h.Faults, Fault{Name: "node", Node: c.Node, Start: said.At + second, End: said.At + 2*second, KillsNode: true})
	if r := Check(h); r.Has(Silent) || r.Verdicts[Answered].Excused != 1 {
		t.Errorf("though lost with its node: %+v", r.Verdicts[Answered])
	}
}

func TestWhatBoreNoRefIsStoredOnceAndAsItWas(t *testing.T) {
	h, _ := withBare()
	h.Logs.Public[0].TextHash++
	e := h.Logs.Public[0]
	e.ID++
	h.Logs.Public = append(h.Logs.Public[:1:1], append([]Entry{e}, h.Logs.Public[1:]...)...)
	if r := Check(h); !r.Has(Altered) || !r.Has(Doubled) {
		t.Errorf("not found; found: %+v", r.Verdicts)
	}
}

func TestQuestionIsAnsweredOnce(t *testing.T) {
	ask := Event{Kind: Ask, Detail: &Detail{Ref: "q1"}}
	page := Event{Kind: Page, Detail: &Detail{Ref: "q1"}}
	for want, events := range map[string][]Event{"": {ask, page}, Silent: {ask}, AnsweredTwice: {ask, page, page}} {
		h := goodHistory()
		c := h.Connections[alice]
		c.Events = append(c.Events, events...)
		if r := Check(h); r.Failed() != (want != "") || want != "" && !r.Has(want) {
			t.Errorf("%q: found: %+v", want, r.Verdicts[Answered])
		}
	}
}
