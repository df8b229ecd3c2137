package redisbridge

import (
	"maps"
	"slices"

	"parley/actors"
)

// standing is which names are present in a room on this node: what the room wants, and what of it
// Redis may not know yet, so that an outage only delays it.
type standing struct {
	names   map[string]struct{}         // present on this node
	changed map[string]actors.Departure // nil while there are none: a node may be in ten thousand rooms
	whole   bool                        // Redis is to be told that these are all
	// declared: the room has said which are all. Before, a name that is not among
	// them may yet come, from a session that has not entered again.
	declared bool
}

func newStanding() standing {
	return standing{names: map[string]struct{}{}}
}

// change takes what the room says. The last word on a name counts.
func (p *standing) change(m *actors.Present) {
	if m.Whole {
		clear(p.names)
		p.changed = nil
		p.whole, p.declared = true, true
	}
	for _, name := range m.Joined {
		p.names[name] = struct{}{}
		p.note(name, actors.Departure{})
	}
	for _, d := range m.Left {
		delete(p.names, d.Name)
		p.note(d.Name, d)
	}
}

// note has Redis told that a name has come, or of its departure.
func (p *standing) note(name string, d actors.Departure) {
	if p.changed == nil {
		p.changed = map[string]actors.Departure{}
	}
	p.changed[name] = d
}

// redeclare has all names told again: Redis may have lost them.
func (p *standing) redeclare() {
	if p.declared {
		p.whole = true
		return
	}
	for name := range p.names {
		p.note(name, actors.Departure{})
	}
}

// settled says that Redis was told all there is.
func (p *standing) settled() bool { return len(p.changed) == 0 && !p.whole }

// news is what Redis is told in one call: where whole, joined are all.
type news struct {
	whole  bool
	joined []string
	left   []actors.Departure
}

// take takes out what is told next.
func (p *standing) take() (n news) {
	n.whole = p.whole
	if p.whole {
		n.joined = slices.Sorted(maps.Keys(p.names))
	}
	for _, name := range slices.Sorted(maps.Keys(p.changed)) {
		d := p.changed[name]
		if len(n.joined)+len(n.left) >= presenceBatch && !n.whole {
			break
		}
		switch {
		case d.Name != "":
			n.left = append(n.left, d)
		case !n.whole:
			n.joined = append(n.joined, name)
		}
		delete(p.changed, name)
	}
	if len(p.changed) == 0 {
		p.changed = nil
	}
	p.whole = false
	return n
}

// putBack has what Redis was not told wait again, unless there is newer.
func (p *standing) putBack(n news) {
	p.whole = p.whole || n.whole
	for _, name := range n.joined {
		p.putBackOne(name, actors.Departure{})
	}
	for _, d := range n.left {
		p.putBackOne(d.Name, d)
	}
}

func (p *standing) putBackOne(name string, d actors.Departure) {
	if _, newer := p.changed[name]; !newer {
		p.note(name, d)
	}
}

// args appends what the scripts take of it: how many have joined, these, and those that left.
func (n news) args(args []any) []any {
	args = append(args, len(n.joined))
	for _, name := range n.joined {
		args = append(args, name)
	}
	for _, d := range n.left {
		args = append(args, d.Name)
	}
	return args
}
