package actors

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// ActorInfo is what can be seen of a live actor from outside.
type ActorInfo struct {
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
// its queue, Poison after it; both are followed by a new one, but a session's Stop
// hangs up its connection.
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

// Actors lists the live actors, parents before children of the same kind together.
func (c *Chat) Actors() []ActorInfo {
	now := time.Now()
	all := c.census.all()
	infos := make([]ActorInfo, len(all))
	for i, v := range all {
		infos[i] = v.info(now)
	}
	slices.SortFunc(infos, func(a, b ActorInfo) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return infos
}

func (v *vitals) info(now time.Time) ActorInfo {
	parent := v.parent
	for i := len(parent) - 1; i >= 0; i-- {
		if parent[i] == '/' {
			parent = parent[i+1:] // the library's ids are paths
			break
		}
	}
	return ActorInfo{
		Name: v.name, Kind: v.kind, Parent: parent,
		Restarts: int(v.restarts.Load()), Mailbox: v.mailbox.UserMessageCount(),
		AgeMS: now.Sub(time.Unix(0, v.born.Load())).Milliseconds(),
	}
}

// Kill kills the named actor, or where name is empty one of the kind at random, and
// says which.
func (c *Chat) Kill(name string, kind Kind, how How) (ActorInfo, error) {
	v := c.census.find(name)
	if name == "" {
		v = c.anyOf(kind)
	}
	if v == nil || v.pid.Load() == nil { // not yet
		return ActorInfo{}, ErrNoSuchActor
	}
	info := v.info(time.Now())
	pid := v.pid.Load()
	switch how {
	case PanicBefore:
		v.injection.Store(injectBefore)
	case PanicAfter:
		v.injection.Store(injectAfter)
	case Restart:
		if process, ok := c.system.ProcessRegistry.Get(pid); ok {
			process.SendSystemMessage(pid, &actor.Restart{})
		}
	case Stop:
		c.hangUp(v)
		c.root.Stop(pid)
	case Poison:
		c.root.Poison(pid)
	default:
		return ActorInfo{}, ErrUnknownHow
	}
	return info, nil
}

func (c *Chat) anyOf(kind Kind) *vitals {
	var of []*vitals
	for _, v := range c.census.all() {
		if v.kind == kind {
			of = append(of, v)
		}
	}
	if len(of) == 0 {
		return nil
	}
	return of[chance.IntN(len(of))]
}

// hangUp marks the connection of a session that is to be stopped.
func (c *Chat) hangUp(v *vitals) {
	if v.kind != KindSession {
		return
	}
	for _, conn := range c.liveConnections() {
		if sessionName(conn.ID) == v.name {
			conn.hangUp.Store(true)
		}
	}
}
