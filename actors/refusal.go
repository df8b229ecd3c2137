package actors

import (
	"sync/atomic"

	"parley/actors/protocol"
)

// Refusal is a message's own, however often it is asked to be stored: what was refused once
// stays refused. A session asks again when it is restarted, or the bridge is, and may have been
// told meanwhile, or have died with that in hand. It belongs to the connection's outbox, and so
// outlives both. A nil one is of a message that is asked for once.
type Refusal struct{ code atomic.Pointer[protocol.Code] }

// Decide refuses the message for good. It is the bridge's to call, before it tells anybody.
func (r *Refusal) Decide(code protocol.Code) {
	if r != nil {
		r.code.Store(&code)
	}
}

// Decided gives what the message was refused with, "" if it was not.
func (r *Refusal) Decided() protocol.Code {
	if r == nil {
		return ""
	}
	if code := r.code.Load(); code != nil {
		return *code
	}
	return ""
}
