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

func TestEveryOutageComesBeforeOneComesAgain(t *testing.T) {
	var names []string
	for _, f := range planFaults(1, 10*time.Minute, allFaults, 3) {
		if f.Name != killActor {
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

func TestPlansKeepTheirRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		duration := time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(t, "duration"))
		names := rapid.SliceOfNDistinct(rapid.SampledFrom(allFaults), 0, len(allFaults), rapid.ID).Draw(t, "faults")
		plan := planFaults(seed, duration, names, 3)
		var busyUntil, wiped, nodeDied time.Duration
		for _, f := range plan {
			if f.At < warmUp || f.At+f.For > duration-coolDown || f.Node < 0 || f.Node > 2 || !slices.Contains(names, f.Name) {
				t.Fatalf("%+v has no place in a drill of %v with %v", f, duration, names)
			}
			if f.Name != killActor || f.Calm {
				if f.At < busyUntil {
					t.Fatalf("%+v starts before %v", f, busyUntil)
				}
				busyUntil = f.At + f.For
			}
			lost := f.Name == wipeRedis || f.Name == killNode
			if lost && wiped > 0 && f.At < wiped+apart || f.Name == wipeRedis && nodeDied > 0 && f.At < nodeDied+apart {
				t.Fatalf("%+v is too near to another loss", f)
			}
			switch f.Name {
			case wipeRedis:
				wiped = f.At + f.For
			case killNode:
				nodeDied = f.At + f.For
			}
		}
	})
}
