package redisbridge

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"parley/actors"
	"parley/actors/protocol"
)

// TestWhatIsAskedWhileTheLinkBreaksIsDoneAllTheSame.
func TestWhatIsAskedWhileTheLinkBreaksIsDoneAllTheSame(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		lane string
		ask  func(h *house) any
		done func(h *house) bool
	}{
		"a log": {
			"read",
			func(h *house) any {
				return &actors.Read{To: h.self, Log: actors.Public, After: actors.Newest, Limit: 10}
			},
			func(h *house) bool { return len(of[*actors.Recalled](h.ear)) == 1 },
		},
		"a page": {
			"read",
			func(h *house) any {
				return &actors.ReadPage{To: h.self, User: "alice", Limit: 10, Until: time.Now().Add(patience)}
			},
			func(h *house) bool { return len(of[*actors.Page](h.ear)) == 1 },
		},
		"who is there": {
			"read",
			func(h *house) any { return &actors.ReadMembers{To: h.self} },
			func(h *house) bool { return len(of[*actors.Members](h.ear)) == 1 },
		},
		"who is in a room": {
			"gather",
			func(*house) any {
				return &actors.Present{Log: den, Room: "Den", Whole: true, Joined: []string{"alice"}}
			},
			func(h *house) bool {
				life, _ := h.store.life.current()
				in, _ := h.store.client.SIsMember(soon(h.t), keysOf(den).members(), "alice").Result()
				hosted, _ := h.store.client.SIsMember(soon(h.t), hostedKey("n", life), den.Name).Result()
				return in && hosted
			},
		},
		"a room": {
			"find",
			func(h *house) any {
				return &actors.FindRoom{To: h.self, Name: "Den", Make: true, Until: time.Now().Add(patience)}
			},
			func(h *house) bool { return len(of[*actors.RoomFound](h.ear)) == 1 },
		},
		"which rooms there are": {
			"list",
			func(h *house) any { return &actors.ListRooms{To: h.self, Until: time.Now().Add(patience)} },
			func(h *house) bool { return len(of[*actors.RoomsListed](h.ear)) == 1 },
		},
		"what is handed back": {
			"restore",
			func(*house) any {
				return &actors.Restore{Log: actors.Public, Entries: []protocol.Entry{{ID: 7, Frame: protocol.AppendFrame(nil, "{}")}}}
			},
			func(h *house) bool { return len(held(h.t, h.store, publicKey)) == 1 },
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			const whole = 1 << 30
			link := &breaker{}
			link.left.Store(whole)
			var asked atomic.Int32
			s, err := OpenIn(Surroundings{Go: func(lane string, work func()) {
				go func() {
					if lane == c.lane && asked.Add(1) == 1 {
						link.left.Store(0)
						defer link.left.Store(whole)
					}
					work()
				}()
			}}, Settings{Addr: startRedis(t).Addr(), HistoryKeep: 10, RoomKeep: time.Hour}, "n", zerolog.Nop(), prometheus.NewRegistry())
			must(t, err)
			t.Cleanup(func() { _ = s.Close() })
			s.client.AddHook(link)
			h := newHouse(t, s)
			h.root.Send(h.bridge, c.ask(h))
			eventually(t, "it is done", func() bool { return c.done(h) })
			if n := asked.Load(); n < 2 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}
