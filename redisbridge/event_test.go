package redisbridge

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"parley/actors"
)

func TestEventsOfALogAreReadLineByLine(t *testing.T) {
	e := parseAppended(actors.Inbox("alice"), "7\n8\nbob#1\n{\"id\":8}\n9\n\n{\"id\":9}")
	if e == nil || e.Log != actors.Inbox("alice") || e.Prev != 7 || len(e.Entries) != 2 {
		t.Fatalf("read as %+v", e)
	}
	if a := e.Entries[0]; a.ID != 8 || a.Ref != "bob#1" || string(a.Payload()) != `{"id":8}` {
		t.Errorf("the first is %d %q %s", a.ID, a.Ref, a.Payload())
	}
	if b := e.Entries[1]; b.ID != 9 || b.Ref != "" || string(b.Payload()) != `{"id":9}` {
		t.Errorf("the second is %d %q %s", b.ID, b.Ref, b.Payload())
	}
}

func TestMalformedEventsAreLeftOut(t *testing.T) {
	for _, payload := range []string{"", "x", "\n", "1\nx\nr\nm", "1\n2\nr", "1\n2", "1\n2\nr\n", "1\n2\nr\nm\n3"} {
		if e := parseAppended(actors.Public, payload); e != nil {
			t.Errorf("%q is read as %+v", payload, e)
		}
	}
	for _, payload := range []string{"", "x\n+a", "+a"} {
		if e := parsePresence(payload); e != nil {
			t.Errorf("%q is read as %+v", payload, e)
		}
	}
}

// TestChannelsOfALogBearWhatIsAppendedPutBackAndWhoIsThere, and what else they bear is nothing.
func TestChannelsOfALogBearWhatIsAppendedPutBackAndWhoIsThere(t *testing.T) {
	for payload, want := range map[string]any{
		"7": &actors.Appended{Log: actors.Public, Prev: 7}, "<9": &actors.Restored{Log: actors.Public, Upto: 9}, "<": nil, "<x": nil, "x": nil,
	} {
		if got := parseEvent(actors.Public, false, payload); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v", payload, got)
		}
	}
	for payload, want := range map[string]any{"7\n+a": &actors.PresenceChanged{Seq: 7, Joined: []string{"a"}}, "<9": nil, "": nil} {
		if got := parseEvent(actors.Public, true, payload); !reflect.DeepEqual(got, want) {
			t.Errorf("of members %q is read as %+v", payload, got)
		}
	}
}

func TestEventsOfPresenceTellWhoCameAndWent(t *testing.T) {
	got := parsePresence("12\n+alice\n-bob\n+-\n-+\nx\n")
	want := &actors.PresenceChanged{Seq: 12, Joined: []string{"alice", "-"}, Left: []string{"bob", "+"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read as %+v", got)
	}
}

// FuzzParseEvent: whatever a channel bears, reading it does not panic; what was read
// says the event again when it is written, and entries do not share bytes that one
// of them could overwrite.
func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{"0\n1\na#1\n{}", "5", "5\n6\n\nm\n7\nr\nn", "1\n+a\n-b", "-3\n\n\n\n", strings.Repeat("9\n", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		parsePresence(payload)
		parseEvent(actors.Public, false, payload)
		e := parseAppended(actors.Public, payload)
		if e == nil {
			return
		}
		again := fmt.Sprint(e.Prev)
		for _, entry := range e.Entries {
			again += fmt.Sprintf("\n%d\n%s\n%s", entry.ID, entry.Ref, entry.Payload())
		}
		second := parseAppended(actors.Public, again)
		if !reflect.DeepEqual(e, second) {
			t.Errorf("%q was read as %q", payload, again)
		}
		for i, entry := range e.Entries {
			if i+1 < len(e.Entries) {
				next := string(e.Entries[i+1].Frame)
				_ = append(entry.Frame, "overwritten"...)
				if string(e.Entries[i+1].Frame) != next {
					t.Errorf("entry %d overwrites the next", i)
				}
			}
		}
	})
}
