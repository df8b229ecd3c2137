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

func TestEndsThatAClientHasItselfToBlameFor(t *testing.T) {
	const slow, notAllowed, lostName, broken = 4008, 1008, 4009, 1006
	for name, tc := range map[string]struct {
		end               closing
		flooded, contends bool
		want              bool
	}{
		"too slow, having not read":            {closing{code: slow, behind: true}, false, false, true},
		"too slow, though it reads":            {closing{code: slow}, false, false, false},
		"it read nothing for too long to know": {closing{code: broken, deaf: patience}, false, false, true},
		"it read nothing for a while":          {closing{code: broken, deaf: patience - 1, behind: true}, false, false, false},
		"not allowed, having flooded":          {closing{code: notAllowed}, true, false, true},
		"broken, having flooded":               {closing{code: broken}, true, false, true},
		"restarted, having flooded":            {closing{code: 1012}, true, false, false},
		"not allowed":                          {closing{code: notAllowed}, false, false, false},
		"its name was lost in a fight":         {closing{code: lostName}, false, true, true},
		"its name was lost":                    {closing{code: lostName}, false, false, false},
	} {
		if got := tc.end.earned(tc.flooded, tc.contends); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	c := &closes{}
	c.add(closing{at: time.Now(), node: &node{}, asked: true})
	if got := c.unexplained(nil); len(got) != 0 {
		t.Errorf("unexplained is %v", got)
	}
}

func TestWhoComesBackForWhatIsGoneMayMissMoreOfIt(t *testing.T) {
	now, never := time.Now(), time.Time{}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, tc := range map[string]struct {
		stalled, reads, lacks time.Time
		want                  bool
	}{
		"it reads":                       {never, never, never, false},
		"it reads nothing":               {ago(time.Second), never, never, true},
		"it reads on":                    {ago(time.Minute), ago(time.Second), never, true},
		"it has read on for long":        {ago(time.Hour), ago(time.Minute), never, false},
		"some of what it missed is gone": {never, never, ago(time.Second), true},
		"it was told so a long time ago": {never, never, ago(time.Minute), false},
	} {
		if got := isBehind(now, tc.stalled, tc.reads, tc.lacks); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
