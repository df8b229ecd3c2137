package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/drill/rig"
)

// directEvery is how seldom a talker says something to one of the crowd alone.
const directEvery = 4

// correspondence is what a talker said and heard in private.
type correspondence struct {
	started   bool
	last      int64 // the newest cursor seen
	seen      []int64
	frames    map[int64]string
	receivers map[string]string // by ref
}

// letter is a direct message in a log.
type letter struct {
	ID             int64
	User, To, Text string
}

func (l letter) ref() string { return strings.TrimSuffix(strings.TrimPrefix(l.Text, "text of "), ".") }

// heardJoined takes the token and the direct messages that joined tells.
func (w *talker) heardJoined(f rig.Frame) {
	var j struct {
		Token     string
		DMs       []json.RawMessage
		Truncated bool
	}
	if err := json.Unmarshal(f.Raw, &j); err != nil {
		w.faults = append(w.faults, err.Error())
		return
	}
	w.token, w.direct.started = j.Token, true
	if j.Truncated {
		w.faults = append(w.faults, "direct messages truncated")
	}
	for _, m := range j.DMs {
		var at struct{ Cursor int64 }
		_ = json.Unmarshal(m, &at)
		w.seeDirect(at.Cursor, string(m))
	}
}

func (w *talker) seeDirect(cursor int64, raw string) {
	d := &w.direct
	if cursor <= d.last {
		w.faults = append(w.faults, fmt.Sprintf("direct message %d after %d", cursor, d.last))
	}
	d.last = cursor
	d.seen = append(d.seen, cursor)
	d.frames[cursor] = raw
}

// compareDirect holds what all were told in private against their inboxes, and these
// against the conversations: what was acked is in each once, in the order said.
func (tr *traffic) compareDirect() {
	t := tr.test
	t.Helper()
	inboxes := map[string][]letter{}
	for _, w := range tr.talkers {
		cursors, members := tr.readLog("chat:inbox:" + w.name)
		eventually(t, w.name+" has heard the newest direct message", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(cursors) == 0 || w.direct.last >= cursors[len(cursors)-1]
		})
		inboxes[w.name] = letters(t, cursors, members)
		w.mu.Lock()
		if !slices.Equal(w.direct.seen, cursors) {
			t.Errorf("%s saw %d direct messages, the inbox has %d; %s",
				w.name, len(w.direct.seen), len(cursors), difference(w.direct.seen, cursors))
		}
		for _, cursor := range cursors {
			if w.direct.frames[cursor] != members[cursor] {
				t.Errorf("%s saw %s, the inbox has %s", w.name, w.direct.frames[cursor], members[cursor])
			}
		}
		w.mu.Unlock()
	}
	acked := 0
	for _, w := range tr.talkers {
		for _, to := range tr.talkers {
			acked += tr.compareConversation(w, to.name, inboxes)
		}
	}
	t.Logf("%d direct messages acked", acked)
	if acked == 0 {
		t.Error("no direct message was stored: the test has tested nothing of them")
	}
}

// compareConversation looks at one direction between two, and gives how many were acked.
func (tr *traffic) compareConversation(w *talker, to string, inboxes map[string][]letter) (acked int) {
	t := tr.test
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	ids, members := tr.readLog("chat:dm:" + w.name + ":" + to)
	logs := map[string][]letter{"the conversation": letters(t, ids, members), "the sender's inbox": inboxes[w.name], "the receiver's inbox": inboxes[to]}
	for name, log := range logs {
		log = slices.DeleteFunc(slices.Clone(log), func(l letter) bool { return l.User != w.name || l.To != to })
		times, places := map[string]int{}, map[string]int64{}
		for i, l := range log {
			times[l.ref()]++
			places[l.ref()] = l.ID
			if i > 0 && number(l.ref()) < number(log[i-1].ref()) {
				t.Errorf("%s to %s: %s stands after %s in %s", w.name, to, l.ref(), log[i-1].ref(), name)
			}
		}
		for ref, receiver := range w.direct.receivers {
			id, isAcked := w.acked[ref]
			switch {
			case receiver != to:
			case isAcked && (times[ref] != 1 || places[ref] != id):
				t.Errorf("%s to %s: %s was acked with %d, and is in %s %d times, with %d", w.name, to, ref, id, name, times[ref], places[ref])
			case !isAcked && w.refused[ref] && times[ref] != 0:
				t.Errorf("%s to %s: %s was refused and is in %s", w.name, to, ref, name)
			}
			if isAcked && receiver == to && name == "the conversation" {
				acked++
			}
		}
	}
	return acked
}

func letters(t *testing.T, places []int64, members map[int64]string) []letter {
	t.Helper()
	all := make([]letter, len(places))
	for i, place := range places {
		must(t, json.Unmarshal([]byte(members[place]), &all[i]))
	}
	return all
}
