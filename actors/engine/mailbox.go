package engine

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

const (
	// sheddingLimit is how many messages that can be read again from a log may wait
	// in a mailbox before further ones are shed: far more events or waves than a
	// live actor ever has.
	sheddingLimit = 256
	// throughput is how many messages an actor handles before it goes to the back
	// of its dispatcher's queue, so that a busy one cannot starve the others.
	throughput = 128
	// retainedSlots is the largest ring a drained mailbox keeps, in messages: what
	// a burst left behind is given back.
	retainedSlots = 64
)

// Sheddable is a message that repeats what a log holds. A full mailbox drops it,
// and leaves one *Missed in place of all that were dropped: the actor then reads
// on from its cursor, so nothing is lost and no queue grows without bound.
type Sheddable interface {
	// Shed tells the message's sender that it will not be handled.
	Shed()
}

// Missed takes the place of sheddable messages that a full mailbox dropped.
type Missed struct{}

// mailbox is an actor's queue. It differs from the library's in four ways: posts
// that come between registration and Start are held (the library's panics in the
// sender and stays deaf for ever); a Restart behind a Stop is dropped (in the
// library it brings the actor back to life, and its parent waits for its end for
// ever); sheddable messages are bounded; and its depth can be asked for. Order is
// that of posting; system messages go first.
type mailbox struct {
	mu        sync.Mutex
	system    []any
	user      Ring[any]
	started   bool
	running   bool
	suspended bool
	sheddable int  // how many of user can be shed
	missed    bool // a *Missed is queued already
	stopping  bool // a Stop was handled; only work reads and writes it
	// successor, once the actor has ended, finds the mailbox of the one that came
	// after it: a sender may have looked this one up just before.
	successor  func() *mailbox
	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher // its own, not the library's
	process    func()           // m.work, bound once: scheduling must not allocate
}

func (m *mailbox) init(dispatcher actor.Dispatcher) { m.process, m.dispatcher = m.work, dispatcher }

func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.invoker = invoker
}

func (m *mailbox) Start() {
	m.mu.Lock()
	m.started = true
	m.scheduleLocked()
}

func (m *mailbox) PostUserMessage(message any) {
	s, isSheddable := message.(Sheddable)
	m.mu.Lock()
	switch {
	case m.successor != nil:
		m.mu.Unlock()
		if next := m.successor(); next != nil {
			next.PostUserMessage(message)
		}
		return
	case !isSheddable:
		m.user.Push(message)
	case m.sheddable < sheddingLimit:
		m.sheddable++
		m.user.Push(message)
	default:
		if !m.missed {
			m.missed = true
			m.user.Push(&Missed{})
		}
		defer s.Shed()
	}
	m.scheduleLocked()
}

func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.system = append(m.system, message)
	m.scheduleLocked()
}

// UserMessageCount is the number of messages that wait now.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.Len()
}

// View is a mailbox seen from outside, for tests: what an actor waits for shows nowhere else.
type View struct {
	Waiting   []any // messages of users, the oldest first
	Running   bool  // the actor is at it, or about to be
	Suspended bool  // by its supervisor, or a test
}

// View shows the mailbox of the actor with that name.
func (s *System) View(name string) (v View, lives bool) {
	of := s.find(name)
	if of == nil {
		return View{}, false
	}
	m := &of.mailbox
	m.mu.Lock()
	defer m.mu.Unlock()
	v = View{Running: m.running, Suspended: m.suspended}
	for i := range m.user.Len() {
		v.Waiting = append(v.Waiting, m.user.At(i))
	}
	return v, true
}

// close passes on what comes from now on. What comes before is lost, as it is to
// any actor that ends: the successor has not begun, and asks for all it needs.
func (m *mailbox) close(successor func() *mailbox) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.successor = successor
	m.user, m.sheddable = Ring[any]{}, 0
}

// scheduleLocked hands the mailbox to its dispatcher if there is work and nobody
// does it yet. It unlocks m.mu.
func (m *mailbox) scheduleLocked() {
	due := m.started && !m.running && m.workLocked()
	if due {
		m.running = true
	}
	m.mu.Unlock()
	if due {
		m.dispatcher.Schedule(m.process)
	}
}

func (m *mailbox) workLocked() bool {
	return len(m.system) > 0 || (!m.suspended && m.user.Len() > 0)
}

// work handles what waits, then leaves; whoever posts next schedules it again.
func (m *mailbox) work() {
	for range m.dispatcher.Throughput() {
		message, isSystem, ok := m.next()
		if !ok {
			return
		}
		m.invoke(message, isSystem)
	}
	m.dispatcher.Schedule(m.process)
}

func (m *mailbox) next() (message any, isSystem, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.workLocked() {
		m.running = false
		return nil, false, false
	}
	if len(m.system) > 0 {
		message = m.system[0]
		m.system = m.system[1:]
		if len(m.system) == 0 {
			m.system = nil
		}
		return message, true, true
	}
	message = m.user.Pop()
	if m.user.Len() == 0 {
		m.user.Shrink(retainedSlots)
	}
	switch message.(type) {
	case Sheddable:
		m.sheddable--
	case *Missed:
		m.missed = false
	}
	return message, false, true
}

// invoke handles one message; a panic goes to the supervisor and costs that
// message only. Should the library panic on the way there, the actor is restarted all
// the same, for it may be suspended already; that panic is the worker's, who logs it.
func (m *mailbox) invoke(message any, isSystem bool) {
	defer func() {
		if reason := recover(); reason != nil {
			_, told := message.(*actor.Restart) // one such restart is enough
			defer func() {
				if !told {
					m.PostSystemMessage(&actor.Restart{})
				}
			}()
			m.invoker.EscalateFailure(reason, message)
			told = true
		}
	}()
	if !isSystem {
		m.invoker.InvokeUserMessage(message)
		return
	}
	switch message.(type) {
	case *actor.SuspendMailbox:
		m.suspend(true)
		return
	case *actor.ResumeMailbox:
		m.suspend(false)
		return
	case *actor.Stop:
		m.stopping = true
	case *actor.Restart:
		if m.stopping {
			return
		}
	}
	m.invoker.InvokeSystemMessage(message)
}

func (m *mailbox) suspend(suspended bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspended = suspended
}
