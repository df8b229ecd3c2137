package redisbridge

import (
	"context"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
)

func TestBridgeThatIsStoppedLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	s := openStore(t, r.Addr(), "n", 10)
	for range 3 {
		system := actor.NewActorSystem()
		e := &ear{store: s}
		pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return e }))
		eventually(t, "messages go round", func() bool { return s.Ready().Trouble == actors.NoTrouble && len(of[*actors.BridgeStarted](e)) > 0 })
		must(t, system.Root.StopFuture(pid).Wait())
	}
	eventually(t, "no link is left", func() bool {
		answer, err := r.Do(context.Background(), "PUBSUB", "CHANNELS")
		return err == nil && len(answer.([]any)) == 0
	})
}
