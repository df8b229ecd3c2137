package redisbridge

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/actors"
	"parley/drill/rig"
)

// peopleIn asks a Redis who is in the room, sorted; nobody while it does not answer.
func peopleIn(t *testing.T, r *rig.Redis) []string {
	t.Helper()
	answer, err := r.Do(soon(t), "SMEMBERS", keysOf(den).members())
	if err != nil {
		return nil
	}
	var names []string
	for _, name := range answer.([]any) {
		names = append(names, fmt.Sprint(name))
	}
	slices.Sort(names)
	return names
}

// startHouse starts a bridge, and has it told that alice is in the room, and nobody else of its node.
func startHouse(t *testing.T) (*house, *rig.Redis) {
	t.Helper()
	r := startRedis(t)
	h := newHouse(t, openStore(t, r.Addr(), "n", 100))
	h.root.Send(h.bridge, &actors.Present{Log: den, Room: "Den", Whole: true, Joined: []string{"alice"}})
	eventually(t, "alice is in the room", func() bool { return slices.Equal(peopleIn(t, r), []string{"alice"}) })
	return h, r
}

// TestRedisThatForgotIsToldAgainWhoIsInRooms, and what they are called.
func TestRedisThatForgotIsToldAgainWhoIsInRooms(t *testing.T) {
	t.Parallel()
	_, r := startHouse(t)
	must(t, r.Kill())
	must(t, r.Wipe())
	must(t, r.Start())
	eventually(t, "alice is in the room again", func() bool { return slices.Equal(peopleIn(t, r), []string{"alice"}) })
	if name, err := r.Do(soon(t), "GET", keysOf(den).name()); err != nil || fmt.Sprint(name) != "Den" {
		t.Errorf("it is called %v (%v)", name, err)
	}
}

// TestRedisThatWasTakenBackIsToldAgainWhoIsInRooms: who came since then is missing there, and the node's
// lease is as valid as it was.
func TestRedisThatWasTakenBackIsToldAgainWhoIsInRooms(t *testing.T) {
	t.Parallel()
	h, r := startHouse(t)
	_, err := r.Do(soon(t), "SAVE")
	must(t, err)
	h.root.Send(h.bridge, &actors.Present{Log: den, Room: "Den", Joined: []string{"bob"}})
	both := []string{"alice", "bob"}
	eventually(t, "bob is in the room", func() bool { return slices.Equal(peopleIn(t, r), both) })
	must(t, r.Kill())
	must(t, r.Start())
	eventually(t, "bob is in the room again", func() bool { return slices.Equal(peopleIn(t, r), both) })
}

// TestNodeThatLapsedSaysAgainWhoIsInItsRooms, for others have cleared them.
func TestNodeThatLapsedSaysAgainWhoIsInItsRooms(t *testing.T) {
	t.Parallel()
	h, r := startHouse(t)
	life, _ := h.store.life.current()
	other := known(t, openStore(t, r.Addr(), "other", 100))
	_, err := r.Do(soon(t), "ZREM", nodesKey, "n")
	must(t, err)
	must(t, other.reap(soon(t), fmt.Sprint("n ", life)))
	eventually(t, "alice is in the room again", func() bool { return slices.Equal(peopleIn(t, r), []string{"alice"}) })
	if now, _ := h.store.life.current(); now <= life {
		t.Errorf("in the life %d, after %d", now, life)
	}
}

// TestLinkThatIsMadeAnewCarriesRoomsToo.
func TestLinkThatIsMadeAnewCarriesRoomsToo(t *testing.T) {
	t.Parallel()
	h, r := startHouse(t)
	linked := func() int { return len(of[*actors.Linked](h.ear)) }
	before := linked()
	h.root.Send(h.bridge, &actors.Subscribe{Log: den, To: h.self})
	eventually(t, "the room's events flow", func() bool { return linked() == before+1 })
	_, err := r.Do(soon(t), "CLIENT", "KILL", "TYPE", "pubsub")
	must(t, err)
	eventually(t, "they do again, and the public ones", func() bool { return linked() == before+3 })
	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{
		{Seq: 1, Ref: "alice#1", Sender: "alice", Log: den, Room: "Den", Text: "roses", Received: time.Now()},
	}})
	eventually(t, "what is said there is heard", func() bool {
		return slices.ContainsFunc(of[*actors.Appended](h.ear), func(e *actors.Appended) bool { return e.Log == den })
	})
}
