package check

import (
	"slices"
	"testing"
)

func TestGoodHistoryPasses(t *testing.T) {
	r := Check(goodHistory())
	for n, v := range r.Verdicts[1:] {
		if v.Failed > 0 || v.Excused > 0 || v.Checked == 0 {
			t.Errorf("promise %d: %+v", n+1, v)
		}
	}
}

// find returns the n-th event of a kind on a connection, and where it stands.
func find(c *Connection, kind Kind, n int) int {
	for i := range c.Events {
		if c.Events[i].Kind == kind {
			if n == 0 {
				return i
			}
			n--
		}
	}
	panic("the good history has no such event")
}

func remove(c *Connection, kind Kind, n int) {
	i := find(c, kind, n)
	c.Events = slices.Delete(c.Events, i, i+1)
}

func unstore(h *History, i int) { h.Logs.Public = slices.Delete(h.Logs.Public, i, i+1) }

// Connections of goodHistory, by index: alice, bob, bob again, carol.
const (
	alice = iota
	bob
	bobAgain
	carol
)

var alicesBob = Conversation{"alice", "bob"}

// planted holds one violation of each kind.
var planted = map[string]func(h *History){
	Lost: func(h *History) {
		unstore(h, 0)
	},
	Doubled: func(h *History) {
		e := h.Logs.Public[0]
		e.ID = h.Logs.Public[1].ID + 1
		h.Logs.Public = slices.Insert(h.Logs.Public, 2, e)
	},
	Altered: func(h *History) { h.Logs.Public[0].TextHash++ },
	WrongID: func(h *History) {
		c := h.Connections[alice]
		c.Events[find(c, Ack, 0)].ID++
	},
	Vanished: func(h *History) {
		for _, c := range h.Connections { // heard by all, acked to nobody, and not in the log
			if c.Closed == 0 {
				c.Events = append(c.Events, Event{Kind: Msg, At: h.End, ID: h.End, Detail: &Detail{}})
			}
		}
	},
	Hole:    func(h *History) { remove(h.Connections[bob], Msg, 1) },
	Double:  func(h *History) { repeat(h.Connections[bob], Msg) },
	Reorder: func(h *History) { swapIDs(h.Connections[bob], Msg) },
	OtherOrder: func(h *History) {
		swapIDs(h.Connections[bob], Msg)
	},
	OtherBytes: func(h *History) {
		c := h.Connections[bob]
		c.Events[find(c, Msg, 0)].Hash++
	},
	ThirdPerson: func(h *History) {
		c := h.Connections[carol]
		e := h.Connections[alice].Events[find(h.Connections[alice], DM, 0)]
		c.Events = append(c.Events, e)
	},
	OneSided: func(h *History) {
		h.Logs.Inboxes["bob"] = h.Logs.Inboxes["bob"][:2]
	},
	Early: func(h *History) {
		c := h.Connections[bob]
		e := c.Events[find(c, DM, 0)]
		c.Events = slices.Insert(c.Events, find(c, Joined, 0), e)
	},
	BegunTwice: func(h *History) { repeat(h.Connections[bob], Joined) },
	Untruncated: func(h *History) {
		c := h.Connections[bobAgain]
		c.Events[find(c, Init, 0)].Truncated = true
	},
	WrongCursor: func(h *History) {
		c := h.Connections[carol]
		c.Events[find(c, Init, 0)].Cursor++
	},
	Invented: func(h *History) {
		h.Logs.Public = append(h.Logs.Public, Entry{ID: h.End, From: "alice", Ref: "nobody said that"})
	},
	SameID: func(h *History) {
		h.Logs.Public[1].ID = h.Logs.Public[0].ID
	},
	Miscounted: func(h *History) {
		c := h.Connections[carol]
		c.Events[find(c, Init, 0)].Count++
	},
	Unasked: func(h *History) {
		c := h.Connections[alice]
		c.Events = append(c.Events, Event{Kind: Ack, At: h.End, ID: 1, Detail: &Detail{Ref: "never said"}})
	},
	Parted: func(h *History) {
		c := h.Connections[alice]
		i := find(c, Joined, 0)
		c.Events[i], c.Events[i+1] = c.Events[i+1], c.Events[i]
	},
	Swapped: func(h *History) {
		log := h.Logs.Conversations[alicesBob]
		log[0].ID, log[1].ID = log[1].ID, log[0].ID
	},
	Phantom:      func(h *History) { remove(h.Connections[alice], MemberRemove, 0) },
	Unlisted:     func(h *History) { remove(h.Connections[alice], MemberAdd, 2) },
	AddedTwice:   func(h *History) { repeat(h.Connections[alice], MemberAdd) },
	RemovedTwice: func(h *History) { repeat(h.Connections[alice], MemberRemove) },
	RemovedHeld: func(h *History) {
		c := h.Connections[alice]
		i := find(c, MemberAdd, 1)
		gone := c.Events[i]
		gone.Kind = MemberRemove
		c.Events = slices.Insert(c.Events, i+1, gone, c.Events[i])
	},
	Silent:        func(h *History) { remove(h.Connections[alice], Ack, 0) },
	AnsweredTwice: func(h *History) { repeat(h.Connections[alice], Ack) },
	RefusedStored: func(h *History) {
		c := h.Connections[bob]
		e := c.Events[find(c, Send, 1)]
		h.Logs.Public = slices.Insert(h.Logs.Public, 3, Entry{ID: e.At, From: "bob", Ref: e.Ref, TextHash: e.Hash})
	},
}

func repeat(c *Connection, kind Kind) {
	i := find(c, kind, 0)
	c.Events = slices.Insert(c.Events, i, c.Events[i])
}

func swapIDs(c *Connection, kind Kind) {
	i, j := find(c, kind, 0), find(c, kind, 1)
	c.Events[i].ID, c.Events[j].ID = c.Events[j].ID, c.Events[i].ID
	c.Events[i].Hash, c.Events[j].Hash = c.Events[j].Hash, c.Events[i].Hash
}

func TestEachPlantedViolationIsFound(t *testing.T) {
	for kind, plant := range planted {
		t.Run(kind, func(t *testing.T) {
			h := goodHistory()
			plant(h)
			if r := Check(h); !r.Has(kind) || !r.Failed() {
				t.Errorf("not found; found: %+v", r.Verdicts)
			}
		})
	}
}

func TestDoubleAcrossAResumeIsFound(t *testing.T) {
	h := goodHistory()
	c := h.Connections[bobAgain]
	e := c.Events[find(c, Recalled, 0)]
	e.ID, e.Hash = h.Logs.Public[0].ID, h.Logs.Public[0].Hash // bob had that one on his first connection
	c.Events = slices.Insert(c.Events, find(c, Recalled, 0), e)
	if r := Check(h); !r.Has(Double) {
		t.Errorf("not found; found: %+v", r.Verdicts)
	}
}

func TestRepeatThatIsAckedWithAnotherIDIsFound(t *testing.T) {
	h := goodHistory()
	first, again := h.Connections[bob], h.Connections[bobAgain]
	send, ack := first.Events[find(first, Send, 0)], first.Events[find(first, Ack, 0)]
	send.At, ack.At, ack.ID = h.End, h.End, h.Logs.Public[len(h.Logs.Public)-1].ID
	again.Events = append(again.Events, send, ack)
	h.LogsUnread = true
	if r := Check(h); !r.Has(WrongID) {
		t.Errorf("found: %+v", r.Verdicts[AckedIsKept])
	}
}

func TestAckedMessageThatNobodyHeardIsFoundWithoutTheLogs(t *testing.T) {
	h := goodHistory()
	gone := h.Logs.Public[2].ID
	h.Logs, h.LogsUnread = Logs{}, true
	if r := Check(h); r.Failed() {
		t.Errorf("found in a good history: %+v", r.Verdicts)
	}
	for _, c := range h.Connections {
		c.Events = slices.DeleteFunc(c.Events, func(e Event) bool { return e.ID == gone && e.Kind != Ack })
	}
	if r := Check(h); !r.Has(Lost) {
		t.Errorf("found: %+v", r.Verdicts[AckedIsKept])
	}
}

func TestHoleAtTheEndIsFound(t *testing.T) {
	h := goodHistory()
	c := h.Connections[bobAgain]
	remove(c, Msg, 2)
	if r := Check(h); !r.Has(Hole) {
		t.Errorf("not found; found: %+v", r.Verdicts)
	}
}

func TestTwoConversationsMayUseOneID(t *testing.T) {
	h := goodHistory()
	e := h.Logs.Conversations[alicesBob][0]
	e.From, e.To, e.Ref = "bob", "alice", "d9"
	again := h.Connections[bobAgain]
	again.Events = append(again.Events, Event{Kind: Send, At: h.End, Hash: e.TextHash, Detail: &Detail{Ref: "d9", To: "alice"}},
		Event{Kind: Ack, At: h.End, ID: e.ID, Detail: &Detail{Ref: "d9"}})
	h.Logs.Conversations[Conversation{"bob", "alice"}] = []Entry{e}
	for user, c := range map[string]*Connection{"alice": h.Connections[alice], "bob": h.Connections[bobAgain]} {
		mine := e
		mine.Cursor = h.End
		h.Logs.Inboxes[user] = append(h.Logs.Inboxes[user], mine)
		c.Events = append(c.Events, direct(DM, mine))
	}
	if r := Check(h); r.Failed() {
		t.Errorf("found: %+v", r.Verdicts[DirectMessages])
	}
}

func TestInboxWithOneMessageTwiceIsFound(t *testing.T) {
	h := goodHistory()
	inbox := h.Logs.Inboxes["bob"]
	h.Logs.Inboxes["bob"] = append(inbox, inbox[len(inbox)-1])
	if r := Check(h); !r.Has(Doubled) {
		t.Errorf("found: %+v", r.Verdicts[DirectMessages])
	}
}

func TestHoleInAnInboxIsFound(t *testing.T) {
	h := goodHistory()
	remove(h.Connections[bobAgain], RecalledDM, 0)
	if r := Check(h); r.Verdicts[DirectMessages].Failed != 1 || !r.Has(Hole) {
		t.Errorf("not found; found: %+v", r.Verdicts)
	}
}

func TestRefusedRepeatOfAnUnknownAttemptMayBeStored(t *testing.T) {
	h := goodHistory()
	first, second := h.Connections[bob], h.Connections[bobAgain]
	i := find(first, Refused, 0)
	second.Events = append(second.Events, first.Events[i-1], first.Events[i])
	first.Events = slices.Delete(first.Events, i, i+1) // no answer before the connection ended
	e := first.Events[i-1]
	h.Logs.Public = slices.Insert(h.Logs.Public, 3, Entry{ID: e.At, From: "bob", Ref: e.Ref, TextHash: e.Hash})
	if r := Check(h); r.Verdicts[Answered].Failed > 0 {
		t.Errorf("found: %+v", r.Verdicts[Answered])
	}
}
