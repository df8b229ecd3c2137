package main

import (
	"time"

	"parley/drill/check"
	"parley/drill/rig"
)

// roomNames are those of the rooms, where the servers are drill's own: in the first is everybody, in the second somebody
// alone at first, in the others is who wants to.
var roomNames = []string{"Hall", "Cell", "Attic", "Barn", "Cellar", "Den", "Entry", "Forge", "Garden", "House"}

const (
	// meanStay lies between two rooms that a client enters or leaves, on average.
	meanStay = 8 * time.Second

	// roomTail is how many of the newest messages a node gives back of a room at least.
	roomTail = 1000

	// One room of so many is one that a client wants to be in.
	choosiness = 4
)

// furnish gives a client its rooms.
func (t *talker) furnish(alone bool) {
	for i, name := range roomNames {
		t.rooms = append(t.rooms, rig.NewRoom(name, i == 0 || i == 1 && alone || i > 1 && t.rand.IntN(choosiness) == 0))
	}
}

// stay is how long it stays where it is.
func (t *talker) stay() time.Duration {
	if len(t.rooms) == 0 {
		return never
	}
	return around(t.rand, meanStay)
}

// changeItsMind has it want to be in a room, or to leave one.
func (t *talker) changeItsMind() {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rooms[t.rand.IntN(len(t.rooms))]
	r.Wants = !r.Wants
}

// goWhereItWants enters and leaves rooms, but for those of which it still waits to hear.
func (v *visit) goWhereItWants() error {
	t := v.talker
	for _, r := range t.rooms {
		t.mu.Lock()
		due := r.Asked == "" && r.Wants != r.In
		var kind check.Kind
		var frame string
		if due {
			t.seq++
			if kind, frame = check.Enter, r.Enter(t.ref()); !r.Wants {
				kind, frame = check.Exit, r.Exit(t.ref())
			}
		}
		now := *r
		t.mu.Unlock()
		if !due {
			continue
		}
		v.record.visiting(kind, &now, frame)
		if err := v.client.Send(frame); err != nil {
			return err
		}
	}
	return nil
}

// places are how far it has read in the rooms that it is in.
func (t *talker) places() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	places := make(map[string]int64)
	for _, r := range t.rooms.Open() {
		places[r.Name] = r.Cursor
	}
	return places
}

// refusedRoom has it try again, if that is what was refused. Under the talker's mutex.
func (v *visit) refusedRoom(f rig.Frame) {
	if v.talker.rooms.Refused(f.Ref) == nil {
		return
	}
	v.talker.did.add("refused a room: " + f.Code)
	select {
	case v.barred <- struct{}{}:
	default:
	}
}
