package e2e

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// finish stops the talk, waits until everything said is answered and everybody has
// heard all, and compares with the log.
func (tr *traffic) finish() {
	t := tr.test
	t.Helper()
	close(tr.stop)
	tr.done.Wait()
	for _, w := range tr.talkers {
		eventually(t, w.name+" has its answers", func() bool {
			w.mu.Lock()
			lost, n := w.conn == nil, len(w.waiting)
			w.mu.Unlock()
			if lost {
				w.connect()
			}
			return !lost && n == 0
		})
	}
	log, members := tr.readLog("chat:messages")
	for _, w := range tr.talkers {
		eventually(t, w.name+" has heard the newest", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(log) == 0 || w.last >= log[len(log)-1]
		})
	}
	var acked, refused int
	for _, w := range tr.talkers {
		w.compare(t, log, members)
		acked, refused = acked+len(w.acked), refused+len(w.refused)
	}
	tr.compareDirect()
	t.Logf("%d acked, %d refused, %d in the log", acked, refused, len(log))
	if acked == 0 {
		t.Error("nothing was stored: the test has tested nothing")
	}
}

// readLog gives the scores of a log in order, and its members by score.
func (tr *traffic) readLog(key string) ([]int64, map[int64]string) {
	tr.test.Helper()
	reply, err := tr.redis.Do(context.Background(), "ZRANGE", key, 0, -1, "WITHSCORES")
	if err != nil {
		tr.test.Fatal(err)
	}
	var log []int64
	members := map[int64]string{}
	flat, _ := reply.([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		score, err := strconv.ParseFloat(fmt.Sprint(flat[i+1]), 64)
		if err != nil {
			tr.test.Fatal(err)
		}
		log = append(log, int64(score))
		members[int64(score)] = fmt.Sprint(flat[i])
	}
	return log, members
}

// compare holds what the talker saw and was told against the log.
func (w *talker) compare(t *testing.T, log []int64, members map[int64]string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fault := range w.faults[:min(len(w.faults), 5)] {
		t.Errorf("%s: %s", w.name, fault)
	}
	i, _ := slices.BinarySearch(log, w.cursor+1)
	if want := log[i:]; !slices.Equal(w.seen, want) {
		t.Errorf("%s saw %d messages, the log has %d after its cursor; %s", w.name, len(w.seen), len(want), difference(w.seen, want))
	}
	for _, id := range w.seen {
		if members[id] != "" && members[id] != w.frames[id] {
			t.Errorf("%s saw other bytes than the log has: %s", w.name, w.frames[id])
		}
	}
	times := map[string]int{}
	last, lastID := "", int64(0)
	for _, id := range log {
		_, text, _ := strings.Cut(members[id], `"text":"text of `)
		if ref, _, ok := strings.Cut(text, `."`); ok && strings.HasPrefix(ref, strings.ReplaceAll(w.name, " ", "_")+"-") {
			times[ref]++
			if last != "" && number(ref) < number(last) {
				t.Errorf("%s: %s (%d) is stored after %s (%d)", w.name, ref, id, last, lastID)
			}
			last, lastID = ref, id
		}
	}
	for ref, id := range w.acked {
		if w.direct.receivers[ref] == "" && (times[ref] != 1 || !strings.Contains(members[id], ref+".")) {
			t.Errorf("%s: %s was acked with %d and is in the log %d times", w.name, ref, id, times[ref])
		}
	}
	for ref := range w.refused {
		if _, acked := w.acked[ref]; !acked && times[ref] != 0 {
			t.Errorf("%s: %s was refused and is in the log", w.name, ref)
		}
	}
}

func number(ref string) int {
	n, _ := strconv.Atoi(ref[strings.LastIndexByte(ref, '-')+1:])
	return n
}

func difference(seen, want []int64) string {
	for i := range max(len(seen), len(want)) {
		switch {
		case i >= len(seen):
			return fmt.Sprintf("the first missing is %d", want[i])
		case i >= len(want):
			return fmt.Sprintf("the first too many is %d", seen[i])
		case seen[i] != want[i]:
			return fmt.Sprintf("number %d is %d, not %d", i, seen[i], want[i])
		}
	}
	return ""
}
