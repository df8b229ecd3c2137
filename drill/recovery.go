package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"parley/drill/check"
)

const (
	// usualRecovery bounds what half of the kills may cost: docs/promises.md says milliseconds, and pauses between kills are made
	// for 250 ms, which a busy machine with two cores holds.
	usualRecovery = 250 * time.Millisecond

	// slowestRecovery bounds each: far more than a busy machine needs, and less than the 2.5 s after which a node notices
	// silence. What takes longer was healed by waiting, not by whoever restarts what died.
	slowestRecovery = 2 * time.Second

	// healTime is how long after a fault a node may still be busy with it: half a second until it asks Redis again, a second
	// in which it only writes back, and slack.
	healTime = 3 * time.Second

	// grownGoroutines is how many more a node may have when all is quiet than before any client came: a client costs none
	// that stays, and what is under way costs a few. Every actor that dies and leaves one behind adds to them.
	grownGoroutines = 4
)

// recovery is how long something was missed on a node.
type recovery struct {
	node *node
	what string
	at   time.Time // of the kill
	took time.Duration
}

func (r recovery) String() string {
	return fmt.Sprintf("%s: %s on node %s was missed for %v", r.at.UTC().Format("15:04:05.000"), r.what, r.node.name, r.took.Round(time.Millisecond))
}

// undisturbed are those that no fault explains which had not healed, or had begun.
func undisturbed(all []recovery, faults []check.Fault) []recovery {
	var rest []recovery
	for _, r := range all {
		from, to := r.at.UnixMicro(), r.at.Add(r.took).UnixMicro()
		if !slices.ContainsFunc(faults, func(f check.Fault) bool {
			return (f.Node == "" || f.Node == r.node.name) && f.Start <= to && f.End+healTime.Microseconds() >= from
		}) {
			rest = append(rest, r)
		}
	}
	return rest
}

// unwell says what the measurements show that must not be.
func (s *summary) unwell() (complaints []string) {
	served, never := s.recoveries()
	for _, p := range never {
		if !p.node.diedSince(p.killed) {
			complaints = append(complaints, fmt.Sprintf("%s on node %s was never served again", p.what, p.node.name))
		}
	}
	judged := undisturbed(served, s.history.Faults)
	slices.SortFunc(judged, func(a, b recovery) int { return cmp.Compare(a.took, b.took) })
	if len(judged) > 0 {
		if half := judged[(len(judged)-1)/2].took; half > usualRecovery {
			complaints = append(complaints, fmt.Sprintf("half of the kills cost more than %v, which is above %v", half, usualRecovery))
		}
	}
	for _, r := range judged {
		if r.took > slowestRecovery {
			complaints = append(complaints, fmt.Sprintf("%v, which is above %v", r, slowestRecovery))
		}
	}
	if b, a := s.idle.goroutines, s.after.goroutines; b > 0 && a > b+grownGoroutines*len(s.cluster.nodes) {
		complaints = append(complaints, fmt.Sprintf("goroutines grew from %d to %d on %d nodes, more than %d each", b, a, len(s.cluster.nodes), grownGoroutines))
	}
	return complaints
}

// recoveries are the measurements of all nodes, and those that never ended.
func (s *summary) recoveries() (served []recovery, never []probe) {
	for _, p := range s.probers {
		mine, missed := p.results()
		served, never = append(served, mine...), append(never, missed...)
	}
	return served, never
}
