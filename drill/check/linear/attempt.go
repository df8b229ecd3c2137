package linear

import (
	"math"

	"parley/drill/check"
)

// Times before and after all others: of an operation that nobody saw begin, or end.
const (
	always = math.MinInt64
	never  = math.MaxInt64
)

// message is what its sender calls it; to is empty in the public log.
type message struct{ from, to, ref string }

type outcome uint8

const (
	unknown outcome = iota // no answer came: it may have been stored, at any time from then on, or not
	acked
	refused
)

// attempt is one send with its answer. A message that was not answered is sent again: that is another attempt.
type attempt struct {
	message
	conn      *check.Connection
	text      uint64
	call, ret int64
	outcome   outcome
	id        int64 // of an ack; in an inbox the cursor, 0 if the inbox has it nowhere
	unasked   bool  // an answer to nothing that was sent
	bare      bool  // sent without a ref: nobody says it again
	trimmed   bool  // it may be nowhere, for the inbox has begun to forget
}

// answers pairs the answers on one connection with its sends, in the order sent where a ref was used again.
type answers struct {
	conn    *check.Connection
	waiting map[string][]*attempt
	latest  map[string]*attempt
}

func newAnswers(conn *check.Connection) *answers {
	return &answers{conn: conn, waiting: make(map[string][]*attempt), latest: make(map[string]*attempt)}
}

func (a *answers) sent(e *check.Event) *attempt {
	s := &attempt{message: message{a.conn.Client, e.To, e.Ref}, conn: a.conn, text: e.Hash, call: e.At, ret: never, bare: e.Bare}
	a.waiting[e.Ref] = append(a.waiting[e.Ref], s)
	a.latest[e.Ref] = s
	return s
}

// answered notes an answer. It gives an attempt of its own back where that answers nothing that waits: a second answer,
// or one to a frame that puts nothing into a log, which has no id.
func (a *answers) answered(e *check.Event) (extra *attempt) {
	var s *attempt
	if queue := a.waiting[e.Ref]; len(queue) > 0 {
		s, a.waiting[e.Ref] = queue[0], queue[1:]
	} else {
		s = &attempt{message: message{from: a.conn.Client, ref: e.Ref}, conn: a.conn, call: e.At, unasked: true}
		if before := a.latest[e.Ref]; before != nil {
			again := *before
			s = &again
		}
		extra = s
	}
	s.ret, s.outcome = e.At, refused
	if e.Kind == check.Ack {
		s.outcome, s.id = acked, e.ID
	}
	return extra
}
