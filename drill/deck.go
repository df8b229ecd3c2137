package main

import "slices"

var (
	actorKinds = []string{"bridge", "room", "rooms", "dms", "dm", "sessions", "session", "chat"}
	deaths     = []string{"panic-before", "panic-after", "restart", "stop", "poison"}
)

// death is one way for one kind of actor to die.
type death struct{ kind, how string }

// draw takes the next death from a shuffled deck of all: every kind dies in every way before one comes again.
func (p *planner) draw() death {
	if len(p.deck) == 0 {
		for _, kind := range actorKinds {
			for _, how := range deaths {
				p.deck = append(p.deck, death{kind, how})
			}
		}
		p.rand.Shuffle(len(p.deck), func(i, j int) { p.deck[i], p.deck[j] = p.deck[j], p.deck[i] })
	}
	d := p.deck[0]
	p.deck = p.deck[1:]
	return d
}

// deal takes the next outage in the same way.
func (p *planner) deal(outages []string) string {
	if len(p.hand) == 0 {
		p.hand = slices.Clone(outages)
		p.rand.Shuffle(len(p.hand), func(i, j int) { p.hand[i], p.hand[j] = p.hand[j], p.hand[i] })
	}
	name := p.hand[0]
	p.hand = p.hand[1:]
	return name
}
