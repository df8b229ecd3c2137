package main

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSameSeedPlansTheSameFaults(t *testing.T) {
	a := planFaults(7, 10*time.Minute, allFaults, 3)
	if !reflect.DeepEqual(a, planFaults(7, 10*time.Minute, allFaults, 3)) {
		t.Error("two plans of one seed differ")
	}
	if reflect.DeepEqual(a, planFaults(8, 10*time.Minute, allFaults, 3)) {
		t.Error("two seeds make one plan")
	}
}

func TestLongPlanHasEveryFaultAndEveryDeath(t *testing.T) {
	names, dead := map[string]int{}, map[death]int{}
	for _, f := range planFaults(1, 10*time.Minute, allFaults, 3) {
		names[f.Name]++
		if f.Name == killActor {
			dead[death{f.Kind, f.How}]++
		}
	}
	if len(names) != len(allFaults) || len(dead) != len(actorKinds)*len(deaths) {
		t.Errorf("%v\n%v", names, dead)
	}
}

// TestEveryOutageComesBeforeOneComesAgain, but for those that begin in the middle of another.
func TestEveryOutageComesBeforeOneComesAgain(t *testing.T) {
	var names []string
	for _, f := range planFaults(1, 10*time.Minute, allFaults, 3) {
		if f.Name != killActor && !f.Second {
			names = append(names, f.Name)
		}
	}
	for round := range slices.Chunk(names, len(allFaults)-1) {
		slices.Sort(round)
		if len(slices.Compact(slices.Clone(round))) != len(round) {
			t.Errorf("one comes twice among %v", round)
		}
	}
}

func TestPlanWithoutFaultsIsEmpty(t *testing.T) {
	if plan := planFaults(1, time.Minute, nil, 3); len(plan) != 0 {
		t.Errorf("planned %v", plan)
	}
}

func TestLongPlansBreakTwoThingsAtOnce(t *testing.T) {
	pairs := map[[2]string]bool{}
	for seed := range uint64(10) {
		plan := planFaults(seed, 20*time.Minute, allFaults, 3)
		for i, f := range plan {
			if !f.Second {
				continue
			}
			for _, first := range plan[:i] {
				if first.Name != killActor && !first.Second && first.At <= f.At && f.At <= first.At+first.For {
					pairs[[2]string{first.Name, f.Name}] = true
				}
			}
		}
	}
	for _, pair := range [][2]string{{freezeLink, killRedis}, {killNode, cutLink}} {
		if !pairs[pair] {
			t.Errorf("%s never begins in the middle of %s: %v", pair[1], pair[0], pairs)
		}
	}
}

func TestPlansKeepTheirRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		duration := time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(t, "duration"))
		names := rapid.SliceOfNDistinct(rapid.SampledFrom(allFaults), 0, len(allFaults), rapid.ID).Draw(t, "faults")
		nodes := rapid.IntRange(1, 3).Draw(t, "nodes")
		plan := planFaults(seed, duration, names, nodes)
		var busyUntil, wiped, ringLost time.Duration
		var first fault
		for _, f := range plan {
			if f.At < warmUp || f.At+f.For > duration-coolDown || f.Node < 0 || f.Node >= nodes || !slices.Contains(names, f.Name) {
				t.Fatalf("%+v has no place in a drill of %v with %v", f, duration, names)
			}
			switch {
			case f.Second && (f.At < first.At || f.At > first.At+first.For || f.Name == first.Name ||
				onRedis(f.Name) && onRedis(first.Name) || f.Node == first.Node && nodes > 1 || !onRedis(f.Name) && nodes == 1):
				t.Fatalf("%+v can't begin in the middle of %+v", f, first)
			case f.Second:
				busyUntil = max(busyUntil, f.At+f.For)
			case f.Name != killActor || f.Calm:
				if f.At < busyUntil {
					t.Fatalf("%+v starts before %v", f, busyUntil)
				}
				busyUntil = f.At + f.For
				first = f
			}
			losesRing := f.Name == killNode || f.Name == drainNode
			if (losesRing || f.Name == wipeRedis) && wiped > 0 && f.At < wiped+apart || f.Name == wipeRedis && ringLost > 0 && f.At < ringLost+apart {
				t.Fatalf("%+v is too near to another loss", f)
			}
			switch {
			case f.Name == wipeRedis:
				wiped = max(wiped, f.At+f.For)
			case losesRing:
				ringLost = max(ringLost, f.At+f.For)
			}
		}
	})
}
