package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"parley/drill/check"
	"parley/drill/rig"
	"parley/drill/witness"
)

// said are messages of a log by their ids.
func said(ids ...int64) (members []redis.Z) {
	for _, id := range ids {
		members = append(members, redis.Z{Score: float64(id), Member: fmt.Sprintf(`{"type":"msg","id":%d,"user":"c1","text":"c1-%d x"}`, id, id)})
	}
	return members
}

func idsOf(entries []check.Entry) (ids []int64) {
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestFollowerKnowsAllThatWasThereAsLongAsItHadToBe(t *testing.T) {
	type look struct {
		ids   []int64
		whole bool
	}
	for name, tc := range map[string]struct {
		looks []look
		want  []int64
	}{
		"trimmed after it was read": {[]look{{[]int64{1, 2}, false}, {[]int64{3, 4}, false}, {[]int64{3, 4}, true}}, []int64{1, 2, 3, 4}},
		"lost":                      {[]look{{[]int64{1, 2, 3}, true}, {[]int64{1, 3}, true}}, []int64{1, 3}},
		"lost, and written back":    {[]look{{[]int64{1, 2, 3}, true}, {nil, true}, {[]int64{1, 2, 3}, true}}, []int64{1, 2, 3}},
		"written back in part":      {[]look{{[]int64{1, 2, 3}, true}, {nil, true}, {[]int64{3, 4}, true}}, []int64{1, 3, 4}},
		"written back unread":       {[]look{{[]int64{1, 4}, true}, {[]int64{1, 3, 4}, true}}, []int64{1, 3, 4}},
		"only what is new was read": {[]look{{[]int64{1, 2}, true}, {nil, false}}, []int64{1, 2}},
	} {
		f := &follower{}
		f.add("log", false, 2)
		for _, l := range tc.looks {
			f.logs[0].take(said(l.ids...), l.whole)
		}
		if got := idsOf(f.logs[0].entries()); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, not %v", name, got, tc.want)
		}
	}
}

func TestFollowerCompletesLogsThatRedisHasTrimmed(t *testing.T) {
	server, err := rig.NewRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	do := func(args ...any) {
		t.Helper()
		if _, err := server.Do(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
	f := newFollower(server.Addr(), 100)
	defer f.close()
	for id := range int64(3) {
		z := said(id + 1)[0]
		do("ZADD", witness.PublicKey, id+1, z.Member)
		do("ZADD", witness.InboxPrefix+confidante, id+10, z.Member)
	}
	if err := f.read(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	do("ZREMRANGEBYRANK", witness.PublicKey, 0, 1)
	do("ZREMRANGEBYRANK", witness.InboxPrefix+confidante, 0, 1)
	for _, l := range f.logs {
		l.due = 1
	}
	logs := check.Logs{Conversations: map[check.Conversation][]check.Entry{}, Inboxes: map[string][]check.Entry{},
		InboxFloors: map[string]int64{confidante: 12}, Rooms: map[string]check.RoomLogs{}}
	if err := f.complete(t.Context(), &logs); err != nil {
		t.Fatal(err)
	}
	if got := idsOf(logs.Public); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("the public log is %v", got)
	}
	if inbox := logs.Inboxes[confidante]; len(inbox) != 3 || inbox[0].Cursor != 10 || inbox[0].ID != 1 {
		t.Errorf("the inbox is %+v", inbox)
	}
	if floor := logs.InboxFloors[confidante]; floor != 0 {
		t.Errorf("the inbox is said to be whole from %d on", floor)
	}
}
