package redisbridge

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors"
)

// TestDirectMessagesThatStalledAreFencedByTheLeaseTheyWereTakenUpIn: the process stood still as
// they were, and there is another lease by now, though the name may have been somebody else's between.
func TestDirectMessagesThatStalledAreFencedByTheLeaseTheyWereTakenUpIn(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	works := make(chan func(), 1)
	s, err := OpenIn(Surroundings{Go: func(lane string, work func()) {
		if lane == "direct" {
			works <- work
		} else {
			go work()
		}
	}}, Settings{Addr: r.Addr(), HistoryKeep: 10, RoomKeep: time.Hour, NameHold: time.Hour}, "n", zerolog.Nop(), prometheus.NewRegistry())
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	h := newHouse(t, s)
	taken := func() (work func()) {
		t.Helper()
		eventually(t, "it is taken up", func() bool {
			select {
			case work = <-works:
			default:
			}
			return work != nil
		})
		return work
	}

	h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{
		{Seq: 1, Ref: "alice#1", Sender: "alice", Receiver: "bob", Text: "psst", Received: time.Now()},
	}})
	stalled, end := taken(), s.lease.fence()
	eventually(t, "that lease has ended, and another lasts", func() bool {
		now, err := s.client.Time(soon(t)).Result()
		return err == nil && now.UnixMicro() > end && s.lease.fence() > now.UnixMicro()
	})
	stalled()
	again := taken()
	if n := len(held(t, s, "chat:dm:alice:bob")); n != 0 {
		t.Errorf("%d are stored", n)
	}
	again()
	if o := h.outcome(1); o.Code != "" {
		t.Errorf("then it is refused: %s", o.Code)
	}
}
