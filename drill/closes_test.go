package main

import (
	"testing"
	"time"
)

func TestEndsAreExplainedByTheDeathOfTheirNodeAndByOneStoppedSessionEach(t *testing.T) {
	n, other := &node{name: "a"}, &node{name: "b"}
	start := time.Now()
	n.hasDied(start)
	late := start.Add(time.Minute)
	kills := []actorKill{
		{at: late, node: other, kind: "session", how: "stop"},
		{at: late, node: other, kind: "room", how: "stop"},
	}
	for name, tc := range map[string]struct {
		ends []closing
		want int
	}{
		"with its node":                  {[]closing{{at: start.Add(time.Second), node: n}}, 0},
		"long after its node":            {[]closing{{at: start.Add(10 * time.Second), node: n}}, 1},
		"read long after its node":       {[]closing{{at: start.Add(8 * time.Second), deaf: 6 * time.Second, node: n}}, 0},
		"of a node that lives":           {[]closing{{at: start, node: other}}, 1},
		"of a stopped session":           {[]closing{{at: late, node: other}}, 0},
		"two of one stopped session":     {[]closing{{at: late, node: other}, {at: late, node: other}}, 1},
		"of a session of the other node": {[]closing{{at: late, node: n}}, 1},
	} {
		c := &closes{}
		for _, x := range tc.ends {
			c.add(x)
		}
		if got := len(c.unexplained(kills)); got != tc.want {
			t.Errorf("%s: %d ends are unexplained, want %d", name, got, tc.want)
		}
	}
}
