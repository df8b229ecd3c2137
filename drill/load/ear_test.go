package load

import (
	"testing"
	"time"
)

func TestATextCarriesItsDueTime(t *testing.T) {
	for _, due := range []int64{0, 7, 1_234_567_890, 99_999_999_999_999} {
		text := appendText(nil, due, textSize)
		if len(text) != textSize {
			t.Errorf("a text of %d bytes", len(text))
		}
		got, ok := dueTime([]byte(`{"type":"msg","id":1,"user":"u1","text":"` + string(text) + `"}`))
		if !ok || got != due {
			t.Errorf("due %d was read as %d, %v", due, got, ok)
		}
	}
	for _, other := range []string{"", "no mark", "~123", "~1234567890123x and more"} {
		if _, ok := dueTime([]byte(other)); ok {
			t.Errorf("%q has a due time", other)
		}
	}
}

func heardAt(e *ear, c *conn, due, at time.Duration) {
	e.now = int64(at)
	e.delivery(c, appendText(nil, int64(due), textSize))
}

func TestLatencyCountsFromTheDueTime(t *testing.T) {
	w := &window{}
	w.from.Store(int64(10 * time.Second))
	w.until.Store(int64(20 * time.Second))
	e, c := newEar(w, 1), &conn{timed: true}

	heardAt(e, c, 9*time.Second, 11*time.Second)  // due before the window
	heardAt(e, c, 12*time.Second, 13*time.Second) // one second
	heardAt(e, c, 19*time.Second, 22*time.Second) // three, and it arrives behind the window
	heardAt(e, c, 20*time.Second, 22*time.Second) // due behind it

	if n := e.latencies.TotalCount(); n != 2 {
		t.Fatalf("%d deliveries were timed, want 2", n)
	}
	if got := microseconds(e.latencies, 100) / 1e6; got < 2.99 || got > 3.01 {
		t.Errorf("the slowest took %.3f s, want 3", got)
	}
	if e.Deliveries != 4 {
		t.Errorf("%d deliveries were counted, want 4", e.Deliveries)
	}
}

func TestEveryKthDeliveryIsTimed(t *testing.T) {
	w := &window{}
	w.until.Store(int64(time.Hour))
	e, c := newEar(w, 8), &conn{timed: true}
	for range 80 {
		heardAt(e, c, time.Second, 2*time.Second)
	}
	heardAt(e, &conn{passing: true}, time.Second, 2*time.Second)
	if n := e.latencies.TotalCount(); n < 10 || n > 11 {
		t.Errorf("%d of 80 deliveries were timed, want every 8th", n)
	}
	if e.Deliveries != 80 || e.Passing != 1 {
		t.Errorf("counted %d deliveries and %d passing ones", e.Deliveries, e.Passing)
	}
}
