package redisbridge

import (
	"fmt"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors"
)

// TestSubscriberIsToldWhenAllChannelsOfItsLogAreConfirmed, in any order, and again when one is
// confirmed again: then it was given up in between.
func TestSubscriberIsToldWhenAllChannelsOfItsLogAreConfirmed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		log       actors.Log
		confirmed []string
		heard     []string
	}{
		{actors.Public, channels(actors.Public), []string{publicKey, membersKey, "linked"}},
		{actors.Public, []string{membersKey, publicKey, membersKey}, []string{membersKey, publicKey, "linked", membersKey, "linked"}},
		{actors.Inbox("bob"), []string{"chat:inbox:eve", "chat:inbox:bob"}, []string{"chat:inbox:eve", "chat:inbox:bob", "linked"}},
	} {
		var heard []string
		b := newBridge(nil)
		b.root = actor.NewActorSystem().Root
		room := b.root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case *actors.Linked:
				heard = append(heard, "linked")
			case string:
				heard = append(heard, m)
			}
		}))
		b.link.subscribers[c.log] = room
		b.link.current = &link{channels: map[string]bool{}}
		for _, channel := range channels(c.log) {
			b.link.current.channels[channel] = false
		}
		for _, channel := range c.confirmed {
			b.send(room, channel)
			b.confirmed(channel)
		}
		must(t, b.root.PoisonFuture(room).Wait())
		if fmt.Sprint(heard) != fmt.Sprint(c.heard) {
			t.Errorf("of %v was heard %v", c.log, heard)
		}
	}
}

// TestWhoSubscribesWhereEventsFlowAlreadyIsToldSo: a room that has died reads on from where it was.
func TestWhoSubscribesWhereEventsFlowAlreadyIsToldSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, openStore(t, startRedis(t).Addr(), "n", 10))
	for _, log := range []actors.Log{actors.Public, actors.Inbox("bob")} {
		first, next := listenFor(t, h), listenFor(t, h)
		for _, l := range []*listener{first, next} {
			h.root.Send(h.bridge, &actors.Subscribe{Log: log, To: l.pid})
			eventually(t, "it is told", func() bool { return len(of[*actors.Linked](l.ear)) > 0 })
		}
	}
}
