package actors

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func seqsOf(messages []Message) []uint64 {
	seqs := make([]uint64, len(messages))
	for i, m := range messages {
		seqs[i] = m.Seq
	}
	return seqs
}

// TestOutboxKeepsOrderAndOneFlightWhateverHappens compares with two lists: what is
// in flight without an outcome, and what waits.
func TestOutboxKeepsOrderAndOneFlightWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o outbox
		var flying, waits []Message
		start, seq := time.Now(), uint64(0)
		refusals := map[uint64]*Refusal{}
		now := start
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				if o.full() {
					t.Skip("full")
				}
				seq++
				m := Message{Seq: seq, Text: strings.Repeat("x", rapid.IntRange(1, 2000).Draw(t, "bytes")), Received: now}
				o.add(m, "r"+strconv.FormatUint(seq, 10))
				waits = append(waits, m)
			},
			"take": func(t *rapid.T) {
				took := o.take()
				for _, m := range took {
					refusals[m.Seq] = m.Refusal
				}
				got := seqsOf(took)
				if len(flying) > 0 || len(waits) == 0 {
					if len(got) > 0 {
						t.Fatalf("took %v, though %d are in flight and %d wait", got, len(flying), len(waits))
					}
					return
				}
				if flying, waits = waits, nil; !slices.Equal(got, seqsOf(flying)) {
					t.Fatalf("took %v, not %v", got, seqsOf(flying))
				}
			},
			"retake": func(t *rapid.T) {
				again := o.retake()
				if !slices.Equal(seqsOf(again), seqsOf(flying)) {
					t.Fatalf("retook %v, in flight are %v", seqsOf(again), seqsOf(flying))
				}
				for _, m := range again {
					if m.Refusal == nil || m.Refusal != refusals[m.Seq] {
						t.Fatalf("%d is asked again with another refusal than its own", m.Seq)
					}
				}
				if slices.ContainsFunc(again, func(m Message) bool { return !m.Handed }) {
					t.Fatal("what was in flight is not marked as perhaps handed over")
				}
			},
			"settle": func(t *rapid.T) {
				told := rapid.Uint64Range(0, seq+1).Draw(t, "seq")
				i := slices.IndexFunc(flying, func(m Message) bool { return m.Seq == told })
				p, ok := o.settle(told)
				if ok != (i >= 0) || ok && p.ref != "r"+strconv.FormatUint(told, 10) {
					t.Fatalf("settling %d gave %v %q, in flight are %v", told, ok, p.ref, seqsOf(flying))
				}
				if ok {
					flying = slices.Delete(slices.Clone(flying), i, i+1)
				}
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "time")))
			},
			"expire": func(t *rapid.T) {
				n := 0
				if len(waits) > 0 && now.Sub(waits[0].Received) >= Patience {
					n = len(waits) // and what waits behind it
				}
				var got []uint64
				for _, p := range o.expire(now) {
					got = append(got, p.Seq)
				}
				if want := seqsOf(waits[:n]); !slices.Equal(got, want) {
					t.Fatalf("expired %v, not %v", got, want)
				}
				waits = waits[n:]
			},
			"": func(t *rapid.T) {
				at, ok := o.nextExpiry()
				if ok != (len(waits) > 0) || ok && !at.Equal(waits[0].Received.Add(Patience)) {
					t.Fatalf("the next to expire does so at %v (%v), %d wait", at, ok, len(waits))
				}
				if o.empty() && (len(flying)+len(waits) > 0 || o.bytes != 0) {
					t.Fatalf("empty with %d bytes, though %d are in flight and %d wait", o.bytes, len(flying), len(waits))
				}
			},
		})
	})
}

func TestOutboxIsFullAtItsBounds(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
	}{
		{"x", outboxMessages},
		{strings.Repeat("x", 4096), outboxBytes / 4096},
	} {
		var o outbox
		for i := range c.most {
			if o.full() {
				t.Fatalf("full with %d messages of %d bytes", i, len(c.text))
			}
			o.add(Message{Text: c.text}, "")
		}
		if !o.full() {
			t.Errorf("not full with %d messages of %d bytes", c.most, len(c.text))
		}
		for _, m := range o.take() {
			o.settle(m.Seq)
		}
		if o.full() || !o.empty() || o.bytes != 0 {
			t.Errorf("%d bytes are left of what was settled", o.bytes)
		}
	}
}

func TestOutboxNeverRefusesWhatIsInFlight(t *testing.T) {
	var o outbox
	o.add(Message{Received: time.Now().Add(-time.Hour)}, "")
	o.take()
	if expired := o.expire(time.Now()); expired != nil {
		t.Errorf("%d expired in flight", len(expired))
	}
	if _, ok := o.settle(1); !ok {
		t.Error("its outcome was not taken")
	}
	if _, ok := o.settle(1); ok {
		t.Error("its outcome was taken twice")
	}
}
