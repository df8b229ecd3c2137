package check

import (
	"fmt"
	"time"
)

// Promises of docs/promises.md by number.
const (
	AckedIsKept = iota + 1
	OneOrder
	DirectMessages
	SenderOrder
	Presence
	Answered
	promises = Answered
)

// Titles of the promises for tables.
var Titles = [promises + 1]string{"", "acked is kept, once", "no holes, no doubles, one order", "direct messages likewise",
	"one sender's messages stay in order", "presence is true within 5 s", "no effect is answered with an error"}

// Names of violations.
const (
	Lost          = "acked message lost"
	Doubled       = "same ref twice in a log"
	Altered       = "other text in the log than was sent"
	WrongID       = "acked with an id that the log has not for it"
	Vanished      = "delivered and then not in the log"
	Hole          = "message not received"
	Double        = "message received twice"
	Reorder       = "message received after a later one"
	OtherOrder    = "two connections saw two orders"
	OtherBytes    = "different bytes for the same id"
	ThirdPerson   = "direct message told to a third person"
	OneSided      = "direct message missing at one of the two"
	Early         = "told of the public log before init, of an inbox before joined, or of a room that is not entered"
	BegunTwice    = "init, joined or entered told twice"
	Untruncated   = "truncated told though nothing was trimmed or lost"
	WrongCursor   = "init told a cursor that is no message's"
	Invented      = "in a log and never said"
	SameID        = "two messages with one id in a log"
	Swapped       = "two sends of one connection swapped in the log"
	Phantom       = "listed without a holder"
	Unlisted      = "holder not listed"
	AddedTwice    = "member_add for a listed name"
	RemovedTwice  = "member_remove for a name that is not listed"
	RemovedHeld   = "member_remove though a connection held the name or came back within the grace"
	Miscounted    = "member_count is another than the members told"
	Silent        = "neither ack nor error"
	AnsweredTwice = "more than one answer to a ref"
	Unasked       = "answer to what was not said"
	Parted        = "something between Welcome and joined"
	RefusedStored = "refused and yet stored"
	TwoHolders    = "two strangers held one name at once"
	TakenEarly    = "name taken by a stranger while it was its holder's"
	OthersWord    = "said or heard under a name that was somebody else's by then"
)

// maxListed bounds the violations kept for each promise: the count goes on, a list of thousands helps nobody.
const maxListed = 200

// Violation is one case in which a promise failed.
type Violation struct {
	Kind   string
	Client string
	Conn   int // 0: none in particular
	ID     int64
	Ref    string
	At     int64
	Note   string
}

func (v Violation) String() string {
	s := v.Kind
	if v.Client != "" {
		s += " · client " + v.Client
	}
	if v.Conn != 0 {
		s += fmt.Sprintf(" · connection %d", v.Conn)
	}
	if v.ID != 0 {
		s += fmt.Sprintf(" · id %d", v.ID)
	}
	if v.Ref != "" {
		s += " · ref " + v.Ref
	}
	if v.At != 0 {
		s += " · " + time.UnixMicro(v.At).UTC().Format("15:04:05.000000")
	}
	if v.Note != "" {
		s += " · " + v.Note
	}
	return s
}

// Verdict is what was found about one promise.
type Verdict struct {
	Checked    int
	Failed     int
	Excused    int // not promised, because Redis lost data just then
	Violations []Violation
}

// Report holds the verdicts by the promises' numbers; 0 is unused.
type Report struct {
	Verdicts [promises + 1]Verdict

	// Watched is how long all connections together were told who is there, and Judged how much of it was calm for long
	// enough that a wrong list would have been found, in µs.
	Watched, Judged int64
}

// JudgedShare is the part of the time of all connections in which presence was judged.
func (r *Report) JudgedShare() float64 {
	if r.Watched == 0 {
		return 0
	}
	return float64(r.Judged) / float64(r.Watched)
}

// Failed says whether any promise failed.
func (r *Report) Failed() bool {
	for _, v := range r.Verdicts {
		if v.Failed > 0 {
			return true
		}
	}
	return false
}

// Has says whether a violation of that kind was found.
func (r *Report) Has(kind string) bool {
	for _, v := range r.Verdicts {
		for _, x := range v.Violations {
			if x.Kind == kind {
				return true
			}
		}
	}
	return false
}

// add adds what was found elsewhere.
func (r *Report) add(other *Report, where string) {
	for i := range other.Verdicts {
		into, from := &r.Verdicts[i], &other.Verdicts[i]
		into.Checked += from.Checked
		into.Failed += from.Failed
		into.Excused += from.Excused
		for _, v := range from.Violations[:min(len(from.Violations), maxListed-len(into.Violations))] {
			if v.Note != "" {
				v.Note = " · " + v.Note
			}
			v.Note = where + v.Note
			into.Violations = append(into.Violations, v)
		}
	}
	r.Watched += other.Watched
	r.Judged += other.Judged
}

func (r *Report) checked(promise, cases int) { r.Verdicts[promise].Checked += cases }
func (r *Report) excused(promise int)        { r.Verdicts[promise].Excused++ }

func (r *Report) failed(promise int, v Violation) {
	verdict := &r.Verdicts[promise]
	verdict.Failed++
	if len(verdict.Violations) < maxListed {
		verdict.Violations = append(verdict.Violations, v)
	}
}
