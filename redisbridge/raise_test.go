package redisbridge

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors"
)

// TestIDsStayNearTheClockHoweverManyLogsHaveLostTheirEnd: each of them is found to lack something
// when somebody writes to it, more than once, for nobody has that any more.
func TestIDsStayNearTheClockHoweverManyLogsHaveLostTheirEnd(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	s, err := OpenIn(Surroundings{Journal: 1}, Settings{Addr: r.Addr(), HistoryKeep: 10, RoomKeep: time.Hour}, "n", zerolog.Nop(), prometheus.NewRegistry())
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	h := newHouse(t, s)
	const receivers = 6
	tell := func(i int, text string) int64 {
		h.seq++
		h.root.Send(h.bridge, &actors.Append{To: h.self, Messages: []actors.Message{{
			Seq: h.seq, Ref: "alice#" + text, Sender: "alice", Receiver: fmt.Sprint("bob", i), Text: text, Received: time.Now(),
		}}})
		o := h.outcome(h.seq)
		if o.Code != "" {
			t.Fatalf("%s to %d: %s", text, i, o.Code)
		}
		return o.ID
	}
	var first [receivers]int64
	for i := range first {
		first[i] = tell(i, "first")
	}
	for i := range first {
		_, err := r.Do(soon(t), "DEL", logKey(conversation("alice", fmt.Sprint("bob", i))), logKey(actors.Inbox(fmt.Sprint("bob", i))))
		must(t, err)
	}
	for i := range first {
		id := tell(i, "second")
		if id <= first[i] {
			t.Errorf("%d follows %d", id, first[i])
		}
		if ahead := time.Until(time.UnixMicro(id)); ahead > 2*liftBy*time.Microsecond+time.Second {
			t.Errorf("after %d logs ids are %v ahead of the clock", i+1, ahead)
		}
	}
}
