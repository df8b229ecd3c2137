package engine

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"
)

// Stray is a panic on a goroutine that worked for an actor, brought home: the actor
// panics with it in its turn, so that its supervisor hears of it, and the log shows the
// stack of where it happened.
type Stray struct {
	Reason any
	Stack  []byte
}

func (s *Stray) Error() string { return fmt.Sprint(s.Reason) }

// Contain does what no supervisor watches: something on a goroutine, or of a timer,
// that is no actor. A panic there would end the process: it ends do alone, and is
// logged with its stack. whole says that there was none.
func Contain(log *zerolog.Logger, what string, do func()) (whole bool) {
	defer func() {
		if reason := recover(); reason != nil {
			log.Error().Str("at", what).Str("reason", fmt.Sprint(reason)).Bytes("stack", debug.Stack()).Msg("panic outside of the actors")
		}
	}()
	do()
	return true
}

// After does something once wait is over, on a timer's goroutine. Some actor waits for
// it: so if it panics, it is done again every longestPause, until it gets through or
// the System is stopped.
func (s *System) After(wait time.Duration, what string, do func()) *time.Timer {
	return time.AfterFunc(wait, func() {
		if !Contain(s.log, what, do) && !s.stopped.Load() {
			s.After(longestPause, what, do)
		}
	})
}
