package linear

import "parley/drill/check"

// listener takes in what one connection said and heard.
type listener struct {
	*shelf
	history       *check.History
	conn          *check.Connection
	answers       *answers
	feed, inbox   *passage // nil until init and joined
	conversations map[check.Conversation]*passage
}

func (s *shelf) listen(h *check.History, conn *check.Connection) {
	l := &listener{shelf: s, history: h, conn: conn, answers: newAnswers(conn), conversations: make(map[check.Conversation]*passage)}
	for i := range conn.Events {
		switch e := &conn.Events[i]; e.Kind {
		case check.Send:
			l.file(l.answers.sent(e))
		case check.Ack, check.Refused:
			if extra := l.answers.answered(e); extra != nil && e.Kind == check.Ack && e.ID != 0 && e.Ref != "" {
				l.file(extra)
			}
		case check.Init:
			l.feed = l.begin(l.public, i, conn.Since)
		case check.Joined:
			since := conn.DMSince
			if h.Forgot(conn, e.At) {
				since = check.None
			}
			l.inbox = l.begin(s.inboxOf(h, conn.Client), i, since)
		case check.Recalled, check.Msg:
			l.tell(l.public, l.feed, place{id: e.ID}, e)
		case check.RecalledDM, check.DM:
			l.tellDirect(e)
		}
	}
}

// file puts an attempt where it belongs.
func (l *listener) file(a *attempt) {
	b := l.public
	if a.to != "" {
		b = l.conversation(l.history, a.from, a.to)
		l.direct = append(l.direct, a)
	}
	b.attempts = append(b.attempts, a)
}

// begin starts a passage with what init or joined says of it. Where the connection named a place, nothing after it may
// be missing; where the server admits a gap, or chose the beginning itself, that is what was told first. So it is for
// whom Redis forgot.
func (l *listener) begin(b *book, i int, since int64) *passage {
	e := &l.conn.Events[i]
	p := &passage{conn: l.conn, at: e.At, base: unbased, cursor: e.Cursor, snapshot: !e.Truncated}
	switch {
	case e.Truncated:
	case since != check.None:
		p.base = since
	case !l.shows(i):
		p.base = e.Cursor
	}
	b.passages = append(b.passages, p)
	return p
}

// shows says whether init or joined showed entries. What the client says meanwhile may stand between.
func (l *listener) shows(i int) bool {
	for j := i + 1; j < len(l.conn.Events); j++ {
		switch l.conn.Events[j].Kind {
		case check.Recalled, check.RecalledDM:
			return true
		case check.Msg, check.DM, check.Welcome, check.Joined:
			return false
		}
	}
	return false
}

func (l *listener) tell(b *book, p *passage, entry place, e *check.Event) {
	b.add(entry)
	if p == nil { // told before its beginning: of that the first judge speaks
		p = &passage{conn: l.conn, base: unbased}
		b.passages = append(b.passages, p)
	}
	p.told = append(p.told, telling{entry.id, e.Hash, e.At})
}

func (l *listener) tellDirect(e *check.Event) {
	names := message{from: e.From, to: e.To}
	l.tell(l.inboxOf(l.history, l.conn.Client), l.inbox, place{id: e.Cursor, direct: e.ID, message: names}, e)
	between := check.Conversation{From: e.From, To: e.To}
	b := l.conversation(l.history, e.From, e.To)
	p := l.conversations[between]
	if p == nil {
		p = &passage{conn: l.conn, base: unbased}
		l.conversations[between] = p
		b.passages = append(b.passages, p)
	}
	b.add(place{id: e.ID, message: names})
	p.told = append(p.told, telling{id: e.ID, at: e.At}) // its bytes hold a cursor, and differ from person to person
}
