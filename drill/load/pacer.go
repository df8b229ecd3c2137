package load

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// tick is how often a busy pacer publishes what is due: what is due within one tick goes out together, as the writes of
	// independent clients would within a millisecond. It is in every latency of a busy scenario, half of it on average.
	tick = time.Millisecond

	// busy is the rate from which on messages are sent by the tick; below, each leaves when it is due.
	busy = 1_000 // messages/s

	// timerSlack is how late, in ns, the kernel may wake the pacer to save power: the usual 50 µs would be in every latency.
	timerSlack = 1

	// stride separates the receivers of subsequent direct messages: prime, so that all get some.
	stride = 7919
)

// pacer publishes at a steady rate, whatever the server does.
type pacer struct {
	scenario   scenario
	dialect    dialect
	members    []*conn // the receivers of direct messages
	publishers []*conn

	text   []byte
	dirty  []*conn
	public atomic.Int64 // messages sent to everyone so far
	direct atomic.Int64
}

// run publishes until ctx ends.
func (p *pacer) run(ctx context.Context) {
	if p.scenario.rate <= 0 {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0) // without it all is a little later

	interval := float64(time.Second) / p.scenario.rate
	start, sent := now(), int64(0)
	due := func() int64 { return start + int64(float64(sent)*interval) }
	for ctx.Err() == nil {
		wake := due()
		if p.scenario.rate >= busy {
			wake = max(wake, now()+int64(tick))
		}
		sleepUntil(wake)
		for reached := now(); due() <= reached; sent++ {
			p.say(sent, due())
		}
		p.send()
	}
}

// say puts one message into its publisher's batch.
func (p *pacer) say(number, due int64) {
	from := p.publishers[number%int64(len(p.publishers))]
	if len(from.batch) == 0 {
		p.dirty = append(p.dirty, from)
	}
	if p.scenario.fromSend {
		due = now()
	}
	p.text = appendText(p.text[:0], due, p.scenario.size)
	if p.isDirect(number) {
		from.batch = p.dialect.direct(from.batch, from, p.receiver(from, number), p.text)
		p.direct.Add(1)
		return
	}
	from.batch = p.dialect.publish(from.batch, from, p.text)
	p.public.Add(1)
}

// isDirect spreads the share of direct messages evenly.
func (p *pacer) isDirect(number int64) bool {
	share := p.scenario.direct
	return int64(float64(number+1)*share) > int64(float64(number)*share)
}

// receiver is anyone but the sender.
func (p *pacer) receiver(from *conn, number int64) *conn {
	n := int64(len(p.members))
	at := number * stride % n
	if p.members[at] == from {
		at = (at + 1) % n
	}
	return p.members[at]
}

func (p *pacer) send() {
	for _, c := range p.dirty {
		c.send(c.batch)
		c.batch = c.batch[:0]
	}
	p.dirty = p.dirty[:0]
}

// expected is how many deliveries to members that stay the messages so far must make: everyone hears a public one, or who is
// in its room; a direct one comes to its receiver and back to its sender.
func (p *pacer) expected() int64 {
	hear := len(p.members)
	if s := p.scenario; s.rooms > 0 {
		hear = s.clients * s.each / s.rooms
	}
	return p.public.Load()*int64(hear) + 2*p.direct.Load()
}

// published is how many messages were sent so far.
func (p *pacer) published() int64 { return p.public.Load() + p.direct.Load() }

// flooded says whether the server left so much unread that a publisher gave up.
func (p *pacer) flooded() bool {
	for _, c := range p.publishers {
		if c.isFlooded() {
			return true
		}
	}
	return false
}

// sleepUntil sleeps on the kernel's clock: Go's timers are late by as much as what is measured on a busy machine.
func sleepUntil(wake int64) {
	for {
		left := wake - now()
		if left <= 0 {
			return
		}
		spec := unix.NsecToTimespec(left)
		_ = unix.Nanosleep(&spec, nil) // interrupted: the loop looks again
	}
}
