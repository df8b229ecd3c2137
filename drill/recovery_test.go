package main

import (
	"strings"
	"testing"
	"time"

	"parley/drill/check"
	"parley/drill/check/linear"
)

// quietSummary is one of a drill of three nodes in which all went well.
func quietSummary() *summary {
	nodes := []*node{{name: "a"}, {name: "b"}, {name: "c"}}
	d := &drill{cluster: &cluster{nodes: nodes}, closes: &closes{}, did: newTally()}
	for _, n := range nodes {
		d.probers = append(d.probers, newProber("probe", n, &recorder{}, 1, nil))
	}
	s := &summary{drill: d, injector: newInjector(d.cluster, nil, nil, nil), report: &check.Report{},
		second: &linear.Result{}, history: &check.History{},
		idle: footprint{goroutines: 64}, before: footprint{goroutines: 133}, after: footprint{goroutines: 65}}
	for range 5 {
		s.serve(0, planted, 5*time.Millisecond)
	}
	return s
}

// planted is when everything in these summaries happens.
var planted = time.Unix(1_795_430_400, 0)

// serve plants a recovery on the n-th node.
func (s *summary) serve(n int, at time.Time, took time.Duration) {
	p := s.probers[n]
	p.served = append(p.served, recovery{p.home, "room stop", at, took})
}

func (s *summary) breakFor(f check.Fault, from, to time.Duration) {
	f.Start, f.End = planted.Add(from).UnixMicro(), planted.Add(to).UnixMicro()
	s.history.Faults = append(s.history.Faults, f)
}

func TestWhatIsUnwellFailsADrill(t *testing.T) {
	for name, tc := range map[string]struct {
		plant func(s *summary)
		want  string // empty: it passes
	}{
		"all is well": {func(*summary) {}, ""},
		"a kill that was never served again": {func(s *summary) {
			s.probers[1].waiting = []probe{{node: s.probers[1].home, killed: planted, what: "room stop"}}
		}, "never served again"},
		"the same on a node that was killed since": {func(s *summary) {
			s.probers[1].waiting = []probe{{node: s.probers[1].home, killed: planted, what: "room stop"}}
			s.probers[1].home.hasDied(planted.Add(time.Second))
		}, ""},
		"the same on a node that was killed before": {func(s *summary) {
			s.probers[1].waiting = []probe{{node: s.probers[1].home, killed: planted, what: "room stop"}}
			s.probers[1].home.hasDied(planted.Add(-time.Second))
		}, "never served again"},
		"one that took long":  {func(s *summary) { s.serve(2, planted, 3*time.Second) }, "was missed for 3s"},
		"one that took a bit": {func(s *summary) { s.serve(2, planted, time.Second) }, ""},
		"one whose node lost Redis": {func(s *summary) {
			s.serve(2, planted, 3*time.Second)
			s.breakFor(check.Fault{Node: "c", Disturbs: true}, time.Second, 2*time.Second)
		}, ""},
		"one soon after Redis came back": {func(s *summary) {
			s.serve(2, planted, 3*time.Second)
			s.breakFor(check.Fault{Disturbs: true}, -4*time.Second, -2*time.Second)
		}, ""},
		"one long after Redis came back": {func(s *summary) {
			s.serve(2, planted, 3*time.Second)
			s.breakFor(check.Fault{Disturbs: true}, -6*time.Second, -4*time.Second)
		}, "was missed for 3s"},
		"one while another node had lost Redis": {func(s *summary) {
			s.serve(2, planted, 3*time.Second)
			s.breakFor(check.Fault{Node: "b", Disturbs: true}, time.Second, 2*time.Second)
		}, "was missed for 3s"},
		"one that was over when Redis went": {func(s *summary) {
			s.serve(2, planted, 3*time.Second)
			s.breakFor(check.Fault{Disturbs: true}, 4*time.Second, 5*time.Second)
		}, "was missed for 3s"},
		"all that take longer than they should": {func(s *summary) {
			for range 20 {
				s.serve(1, planted, 300*time.Millisecond)
			}
		}, "half of the kills"},
		"goroutines that grow":        {func(s *summary) { s.after.goroutines = 90 }, "goroutines grew from 64 to 90"},
		"goroutines that come and go": {func(s *summary) { s.after.goroutines = 70 }, ""},
		"goroutines that nobody told": {func(s *summary) { s.idle.goroutines, s.after.goroutines = 0, 150 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := quietSummary()
			tc.plant(s)
			var out strings.Builder
			s.print(&out)
			told := strings.Contains(out.String(), "unwell: ")
			if s.failed() != (tc.want != "") || told != s.failed() || !strings.Contains(out.String(), tc.want) {
				t.Errorf("failed: %v\n%s", s.failed(), out.String())
			}
		})
	}
}
