package main

import (
	"fmt"
	"time"
)

// How many clients there are beside those that are asked for, where the servers are drill's own.
const (
	cloggers   = 3
	flooders   = 2
	sleepers   = 4
	confiders  = 2
	pairs      = 3 // of connections with one name
	prizes     = 2 // names that are fought for
	contenders = 3 // for each
)

// confidante is whom confiders tell.
const confidante = "confidant"

// cast makes the clients.
func (d *drill) cast() {
	for i, n := range d.cluster.nodes {
		p := newProber(fmt.Sprintf("probe%d", i+1), n, d.records, d.seed+uint64(i), d.quiet)
		d.probers = append(d.probers, p)
		d.talkers = append(d.talkers, p.talker)
	}
	names := make([]string, d.options.clients)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	m := &sociable{others: names, meanPause: time.Duration(float64(len(names)) / d.rate * float64(time.Second))}
	for _, name := range names {
		d.enter(name, m)
	}
	if len(d.urls) == 0 {
		d.castOthers(m)
		d.furnish()
	}
	for _, t := range append(d.talkers, d.contenders...) {
		t.closes, t.did = d.closes, d.did
	}
}

// furnish gives rooms to all but those who measure, or do one thing only: servers of others have limits of their own.
func (d *drill) furnish() {
	first := len(d.probers)
	for i, t := range append(d.talkers, d.contenders...) {
		switch t.mood.(type) {
		case *prober, *confider, *confidant:
		default:
			t.furnish(i == first)
		}
	}
}

// castOthers makes the clients that are not like the others.
func (d *drill) castOthers(m *sociable) {
	for i := range cloggers {
		d.enter(fmt.Sprintf("clogger%d", i+1), &clogger{sociable: m})
	}
	for i := range flooders {
		d.enter(fmt.Sprintf("flooder%d", i+1), &flooder{m, d.options.talkRate()})
	}
	for i := range sleepers {
		d.enter(fmt.Sprintf("sleeper%d", i+1), &sleeper{m})
	}
	listener := d.enter(confidante, &confidant{m})
	for i := range confiders {
		d.enter(fmt.Sprintf("confider%d", i+1), &confider{m, confidante}).follows = listener
	}
	for i := range pairs {
		first := d.enter(fmt.Sprintf("pair%d", i+1), m)
		second := d.enter(first.name, m)
		second.mark, second.follows, second.shares = "second", first, true
		m.others = append(m.others, first.name)
	}
	for i := range prizes {
		name := fmt.Sprintf("prize%d", i+1)
		for j := range contenders {
			t := d.newTalker(name, &contender{m})
			t.mark, t.contends = string(rune('a'+j)), true
			d.contenders = append(d.contenders, t)
		}
		m.others = append(m.others, name)
	}
}

// enter makes a client that the end waits for.
func (d *drill) enter(name string, m mood) *talker {
	t := d.newTalker(name, m)
	d.talkers = append(d.talkers, t)
	return t
}

func (d *drill) newTalker(name string, m mood) *talker {
	seed := d.seed + uint64(len(d.talkers)+len(d.contenders))
	return newTalker(name, d.cluster.nodes, d.records, seed, m, d.quiet)
}
