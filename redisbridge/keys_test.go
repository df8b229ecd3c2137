package redisbridge

import (
	"slices"
	"testing"

	"parley/actors"
	"parley/actors/protocol"
)

// TestKeysAreThoseThatOperatorsKnow: they are the table of the documentation.
func TestKeysAreThoseThatOperatorsKnow(t *testing.T) {
	for got, want := range map[string]string{
		logKey(actors.Public):                         "chat:messages",
		logKey(actors.Inbox("al ice")):                "chat:inbox:al ice",
		logKey(conversation("alice", "bob")):          "chat:dm:alice:bob",
		refsKey(logKey(actors.Public)):                "{chat:messages}:refs",
		refsKey(logKey(actors.Inbox("alice"))):        "{chat:inbox:alice}:refs",
		refsKey(logKey(conversation("alice", "bob"))): "{chat:dm:alice:bob}:refs",
		peersKey("alice"):                             "chat:peers:alice",
		claimKey(protocol.Fold("Alice")):              "chat:claim:alice",
		probePrefix + "n":                             "chat:probe:n",
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	want := []string{"chat:members", "{chat:members}:seq", "{chat:members}:nodes", "{chat:members}:node:n"}
	if got := presenceKeys("n"); !slices.Equal(got, want) {
		t.Errorf("presence has %v", got)
	}
}

func TestChannelsAreTheirLogs(t *testing.T) {
	for _, log := range []actors.Log{actors.Public, actors.Inbox("alice"), actors.Inbox("Zoë 🎉"), actors.Inbox("messages")} {
		if got, members, ok := logOf(logKey(log)); !ok || members || got != log {
			t.Errorf("the channel of %q is %q's (%v, of members: %v)", log, got, ok, members)
		}
		for _, channel := range channels(log) {
			if got, members, ok := logOf(channel); !ok || got != log || members != (channel != logKey(log)) {
				t.Errorf("the channel %s of %q is %q's (%v, of members: %v)", channel, log, got, ok, members)
			}
		}
	}
	if got := channels(actors.Public); !slices.Equal(got, []string{"chat:messages", "chat:members"}) {
		t.Errorf("a room has the channels %v", got)
	}
	if got := channels(actors.Inbox("alice")); !slices.Equal(got, []string{"chat:inbox:alice"}) {
		t.Errorf("an inbox has the channels %v", got)
	}
	for _, channel := range []string{"", "chat:inbox:", "chat:probe:n", "chat:messages2", "chat:members2"} {
		if log, _, ok := logOf(channel); ok {
			t.Errorf("%q is taken for the channel of %q", channel, log)
		}
	}
}
