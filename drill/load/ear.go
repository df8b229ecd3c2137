package load

import (
	"sync/atomic"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// Latencies are kept in nanoseconds with three significant digits: 1 µs is below what a socket can show, and two
	// minutes beyond what a run lasts.
	leastLatency = 1_000
	mostLatency  = 120_000_000_000
	significant  = 3
)

// tally counts what was heard.
type tally struct {
	Deliveries     int64 // to connections that stay for the whole run, so that they can be compared with what was sent
	Passing        int64 // to connections that come and go meanwhile
	Answers        int64 // to publishers
	Errors         int64
	Told           int64 // connections that got their first frame
	Joined         int64
	Entered        int64 // rooms
	Closed         int64 // by the server, unasked
	PresenceFrames int64
	PresenceBytes  int64
	Frames         int64
	Bytes          int64
}

func (t *tally) add(o tally) {
	t.Deliveries += o.Deliveries
	t.Passing += o.Passing
	t.Answers += o.Answers
	t.Errors += o.Errors
	t.Told += o.Told
	t.Joined += o.Joined
	t.Entered += o.Entered
	t.Closed += o.Closed
	t.PresenceFrames += o.PresenceFrames
	t.PresenceBytes += o.PresenceBytes
	t.Frames += o.Frames
	t.Bytes += o.Bytes
}

// window is the time in which messages must be due to be timed. Zeroes: none are.
type window struct {
	from, until atomic.Int64
}

// ear is what one loop hears. It belongs to the loop's goroutine.
type ear struct {
	tally

	window    *window
	every     int // one of so many deliveries is timed
	skip      int
	now       int64 // of the latest read
	latencies *hdrhistogram.Histogram

	firstFailure string // what the first error said
}

func newEar(w *window, every int) *ear {
	return &ear{window: w, every: every, latencies: newHistogram()}
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(leastLatency, mostLatency, significant)
}

// delivery counts a message that arrived, and times one of many.
func (e *ear) delivery(c *conn, payload []byte) {
	if c.passing {
		e.Passing++
	} else {
		e.Deliveries++
	}
	if !c.timed {
		return
	}
	if e.skip--; e.skip > 0 {
		return
	}
	e.skip = e.every
	due, ok := dueTime(payload)
	if !ok || due < e.window.from.Load() || due >= e.window.until.Load() {
		return
	}
	latency := min(max(e.now-due, leastLatency), mostLatency)
	_ = e.latencies.RecordValue(latency) // it is within the bounds
}

// failure counts a refusal and keeps the first one's words for the report.
func (e *ear) failure(payload []byte) {
	e.Errors++
	if e.firstFailure == "" {
		e.firstFailure = string(payload)
	}
}
