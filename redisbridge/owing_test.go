package redisbridge

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
)

// restartBridge has the bridge begin anew, as a panic would.
func (h *house) restartBridge() {
	h.t.Helper()
	before := len(of[*actors.BridgeStarted](h.ear))
	process, _ := h.root.ActorSystem().ProcessRegistry.Get(h.bridge)
	process.SendSystemMessage(h.bridge, &actor.Restart{})
	eventually(h.t, "another has begun", func() bool { return len(of[*actors.BridgeStarted](h.ear)) > before })
	h.root.Send(h.bridge, &actors.Subscribe{Log: actors.Public, To: h.self})
}

// TestWriteBackThatABridgeDidNotLiveToDoIsAskedForAgain: it was to come, or under way; and
// not where all was written back.
func TestWriteBackThatABridgeDidNotLiveToDoIsAskedForAgain(t *testing.T) {
	t.Parallel()
	r, p, h := houseBehindProxy(t)
	h.outcome(h.say("first"))
	entries := of[*actors.Stored](h.ear)[0].Entries
	changes := func() int { return len(of[*actors.RedisChanged](h.ear)) }
	must(t, r.Kill())
	must(t, r.Start())
	eventually(t, "the bridge tells that Redis has begun anew", func() bool { return changes() == 1 })
	h.restartBridge()
	eventually(t, "it is told again", func() bool { return changes() == 2 })

	p.Cut()
	eventually(t, "the bridge knows that Redis is away", func() bool { return h.store.Ready().Trouble == actors.TroubleRedis })
	h.root.Send(h.bridge, &actors.Restore{Entries: entries})
	h.restartBridge()
	eventually(t, "it is told again, for nothing was written back", func() bool { return changes() == 3 })
	must(t, p.Restore())
	h.root.Send(h.bridge, &actors.Restore{Entries: entries})
	h.outcome(h.say("second"))
	if got := texts(t, r); len(got) != 2 || got[0] != "first" {
		t.Errorf("stored %q", got)
	}
	h.restartBridge()
	h.outcome(h.say("third"))
	if n := changes(); n != 3 {
		t.Errorf("it is told %d times, though all was written back", n)
	}
}
