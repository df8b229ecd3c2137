package engine

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Info is what can be seen of a live actor from outside.
type Info struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Parent   string `json:"parent"`
	Restarts int    `json:"restarts"`
	Mailbox  int    `json:"mailbox"` // messages that wait now
	AgeMS    int64  `json:"age_ms"`  // of this incarnation
}

// How is a way to kill an actor.
type How string

// The ways. A panic comes with the actor's next message: before it took effect, or
// after. Restart is a new incarnation without a failure. Stop ends the actor with
// its queue, Poison after it; both are followed by a new one where its parent wants it.
const (
	PanicBefore How = "panic-before"
	PanicAfter  How = "panic-after"
	Restart     How = "restart"
	Stop        How = "stop"
	Poison      How = "poison"
)

// Errors of Kill.
var (
	ErrNoSuchActor = errors.New("no such actor")
	ErrUnknownHow  = errors.New("unknown way to kill")
)

// Live gives the live actors, in no order.
func (s *System) Live() []Info {
	now := time.Now()
	all := s.all()
	infos := make([]Info, len(all))
	for i, v := range all {
		infos[i] = v.info(now)
	}
	return infos
}

func (v *vitals) info(now time.Time) Info {
	return Info{
		Name: v.name, Kind: v.kind, Parent: lastOf(v.parent),
		Restarts: int(v.restarts.Load()), Mailbox: v.mailbox.UserMessageCount(),
		AgeMS: now.Sub(time.Unix(0, v.born.Load())).Milliseconds(),
	}
}

// Kill kills the actor with that name.
func (s *System) Kill(name string, how How) (Info, error) {
	v := s.find(name)
	if v == nil || v.pid.Load() == nil { // not yet
		return Info{}, ErrNoSuchActor
	}
	info, pid := v.info(time.Now()), v.pid.Load()
	switch how {
	case PanicBefore:
		v.injection.Store(injectBefore)
	case PanicAfter:
		v.injection.Store(injectAfter)
	case Restart:
		if process, ok := s.library.ProcessRegistry.Get(pid); ok {
			process.SendSystemMessage(pid, &actor.Restart{})
		}
	case Stop:
		s.Root.Stop(pid)
	case Poison:
		s.Root.Poison(pid)
	default:
		return Info{}, ErrUnknownHow
	}
	return info, nil
}

// Any gives the name of an actor of a kind, at random; "" if there is none.
func (s *System) Any(kind Kind) string {
	var names []string
	for _, v := range s.all() {
		if v.kind == kind {
			names = append(names, v.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return names[chance.IntN(len(names))]
}
