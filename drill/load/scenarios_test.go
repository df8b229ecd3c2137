package load

import (
	"io"
	"math"
	"slices"
	"testing"
)

func TestEveryScenarioIsValidAndEveryBarHasOne(t *testing.T) {
	for _, s := range scenarios {
		if err := s.complete().validate(); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		for _, name := range s.targets {
			if _, err := findTarget(name); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	}
	for _, b := range bars {
		if _, err := find(b.scenario); err != nil {
			t.Errorf("the bar %q: %v", b.what, err)
		}
	}
}

func TestTheCommandLineMakesAScenario(t *testing.T) {
	o, err := parse([]string{"-clients", "30", "-rate", "7.5", "-size", "200", "-direct", "0.25", "-churn", "3"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	works, err := o.works()
	if err != nil {
		t.Fatal(err)
	}
	s := works[0]
	if s.clients != 30 || s.rate != 7.5 || s.size != 200 || s.publishers != 30 || s.direct != 0.25 || s.churn != 3 {
		t.Errorf("it made %+v", s)
	}
	if want := 0.75*30 + 0.25*2; s.perMessage() != want {
		t.Errorf("a message makes %v deliveries, want %v", s.perMessage(), want)
	}
	for _, bad := range [][]string{
		{"-clients", "0"}, {"-size", "3"}, {"-direct", "2"}, {"-rate", "-1"}, {"-scenario", "nosuch"}, {"-publishers", "500"},
	} {
		o, err := parse(bad, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.works(); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestOnlyCentrifugeMeansBothSettings(t *testing.T) {
	o := options{only: onCentrifuge}
	var wanted []string
	for _, name := range targetNames() {
		if o.wants(name) {
			wanted = append(wanted, name)
		}
	}
	if !slices.Equal(wanted, []string{onCentrifuge, onDelayed}) {
		t.Errorf("it means %q", wanted)
	}
}

func TestABarComparesWithTheBetterPeer(t *testing.T) {
	b := book{
		{Target: onParley, Nodes: 1, Deliveries: 10, ServerCPU: 10},
		{Target: onCentrifuge, Nodes: 1, Deliveries: 10, ServerCPU: 50},
		{Target: onDelayed, Nodes: 1, Deliveries: 10, ServerCPU: 20},
	}
	if got := against(result.serverPerDelivery, onCentrifuge, onDelayed)(b); got != 0.5 {
		t.Errorf("the ratio is %v, want 0.5", got)
	}
	if got := against(result.serverPerDelivery, onCentrifuge)(b[:1]); !math.IsNaN(got) {
		t.Errorf("without the peer it is %v, want none", got)
	}
	b = append(b, result{Target: onParley, Nodes: 4, Deliveries: 10, ServerCPU: 12}, result{Target: onParley, Nodes: 2, Deliveries: 10, ServerCPU: 11})
	if got := worstOfNodes(b); got != 1.2 {
		t.Errorf("the worst of several nodes is %v, want 1.2", got)
	}
}
