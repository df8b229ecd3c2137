package sim

import (
	"slices"
	"strings"
	"time"
)

// shrink makes a failing plan small: it takes away clients, faults, limits, and time, as long as it
// still fails in the same way. try says how a plan fails, "" if it does not. It stops at the
// end.
func shrink(p Plan, how string, end time.Time, try func(Plan) (how string)) Plan {
	// What is taken away changes what happens next: the same fault may need another chance.
	fails := func(candidate Plan) (Plan, bool) {
		for range chances {
			if time.Now().After(end) {
				return p, false
			}
			if try(candidate) == how {
				return candidate, true
			}
			candidate.Seed += 1_000_003
		}
		return p, false
	}
	for shrunk := true; shrunk; {
		shrunk = false
		for parts := 2; parts <= 2*len(p.Faults); parts *= 2 {
			for from := 0; from < len(p.Faults); {
				n := max(1, (len(p.Faults)+parts-1)/parts)
				candidate := p
				candidate.Faults = slices.Delete(slices.Clone(p.Faults), from, min(from+n, len(p.Faults)))
				candidate.trim()
				if smaller, ok := fails(candidate); ok {
					p, shrunk = smaller, true
				} else {
					from += n
				}
			}
		}
		for p.Rivals > 0 {
			candidate := p
			candidate.Rivals--
			smaller, ok := fails(candidate)
			if !ok {
				break
			}
			p, shrunk = smaller, true
		}
		if p.limited() {
			candidate := p
			candidate.MessageRate, candidate.FrameRate, candidate.ConversationRate, candidate.MaxText, candidate.Flooders = 0, 0, 0, 0, nil
			if smaller, ok := fails(candidate); ok {
				p, shrunk = smaller, true
			}
		}
		for i := 0; i < len(p.Clients) && len(p.Clients) > 1; {
			candidate := p
			candidate.Clients = slices.Delete(slices.Clone(p.Clients), i, i+1)
			if smaller, ok := fails(candidate); ok {
				p, shrunk = smaller, true
			} else {
				i++
			}
		}
	}
	return p
}

// chances is how many seeds a smaller plan is tried with.
const chances = 3

func (p *Plan) limited() bool {
	return p.MessageRate+p.FrameRate+p.ConversationRate > 0 || p.MaxText > 0 || len(p.Flooders) > 0
}

// trim ends the chaos soon after its last fault.
func (p *Plan) trim() {
	var last time.Duration
	for _, f := range p.Faults {
		last = max(last, f.At+f.For)
	}
	p.Chaos = min(p.Chaos, last+time.Second)
}

// kind is how a run failed: what its first failure says before it names anybody.
func kind(failures []string) string {
	if len(failures) == 0 {
		return ""
	}
	kind, _, _ := strings.Cut(failures[0], " · ")
	kind, _, _ = strings.Cut(kind, ":")
	return kind
}
