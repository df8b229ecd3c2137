package witness

import (
	"slices"
	"testing"

	"parley/drill/check"
	"parley/drill/rig"
)

func kindsOf(events []check.Event) (kinds []check.Kind) {
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestFramesAreToldToTheJudges(t *testing.T) {
	ear := &Ear{Client: "alice", Hash: func(b []byte) uint64 { return uint64(len(b)) }}
	for _, tc := range []struct {
		raw  string
		room string // of the first
		want []check.Kind
	}{
		{`{"type":"error","code":"name_taken","message":"…"}`, "", []check.Kind{check.JoinRefused}},
		{`Welcome alice!`, "", []check.Kind{check.Welcome}},
		{`{"type":"error","code":"not_entered","message":"…"}`, "", []check.Kind{check.RefusedBare}},
		{`{"type":"error","code":"not_entered","message":"…","ref":"r"}`, "", []check.Kind{check.Refused}},
		{`{"type":"msg","id":1,"user":"bob","text":"x","time":1}`, "", []check.Kind{check.Msg}},
		{`{"type":"msg","id":1,"user":"bob","room":"Den","text":"x","time":1}`, "den", []check.Kind{check.Msg}},
		{`{"type":"entered","ref":"r","room":"Den","members":["alice"],"member_count":1,"history":[{"type":"msg","id":1,"user":"bob","room":"Den","text":"x","time":1}],"cursor":1,"truncated":false}`,
			"den", []check.Kind{check.Entered, check.Recalled}},
		{`{"type":"exited","ref":"r","room":"Den","reason":"left"}`, "den", []check.Kind{check.Exited}},
		{`{"type":"member_add","room":"Den","name":"bob","count":2}`, "den", []check.Kind{check.MemberAdd}},
		{`{"type":"members","room":"Den","members":["bob"],"member_count":1}`, "den", []check.Kind{check.Members}},
		{`{"type":"rooms","ref":"r","rooms":[],"more":false}`, "", []check.Kind{check.Page}},
		{`{"type":"pong"}`, "", nil},
		{`{"type":"init"`, "", nil},
	} {
		got := ear.Events(rig.ParseFrame([]byte(tc.raw)))
		if !slices.Equal(kindsOf(got), tc.want) {
			t.Errorf("%s is %v", tc.raw, kindsOf(got))
			continue
		}
		for _, e := range got {
			if tc.room != "" && (e.Detail == nil || e.Room != tc.room) {
				t.Errorf("%s is of another room: %+v", tc.raw, e)
			}
		}
	}
}

func TestLogsStandWhereTheyBelong(t *testing.T) {
	logs := check.Logs{Conversations: map[check.Conversation][]check.Entry{}, Inboxes: map[string][]check.Entry{},
		Rooms: map[string]check.RoomLogs{"den": {Members: []string{"alice"}}}}
	hash := func(b []byte) uint64 { return uint64(len(b)) }
	e := Entry([]byte(`{"type":"msg","id":1,"user":"alice","room":"Den","text":"alice-1 hello","time":1}`), 5, false, hash)
	if e.ID != 5 || e.From != "alice" || e.Ref != "alice-1" {
		t.Errorf("%+v", e)
	}
	for _, key := range []string{PublicKey, RoomPrefix + "den", InboxPrefix + "bob", DialoguePrefix + "alice:bob"} {
		Set(&logs, key, []check.Entry{e})
	}
	if len(logs.Public) != 1 || len(logs.Inboxes["bob"]) != 1 || len(logs.Conversations[check.Conversation{From: "alice", To: "bob"}]) != 1 ||
		len(logs.Rooms["den"].Entries) != 1 || len(logs.Rooms["den"].Members) != 1 {
		t.Errorf("%+v", logs)
	}
}
