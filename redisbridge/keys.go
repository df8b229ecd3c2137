package redisbridge

import (
	"net/netip"
	"strings"

	"parley/actors"
	"parley/actors/protocol"
)

// Every key and channel in Redis is named here. A script touches keys of one hash
// slot only: what belongs to a key stands beside it in {braces} with its name.

const (
	membersKey      = "chat:members"           // set: the names present; also the channel
	onlineKey       = membersKey               // whose names are held: who has joined is in the public room
	membersSeqKey   = "{chat:members}:seq"     // string: number of the last presence event
	nodesKey        = "{chat:members}:nodes"   // sorted set: node → end of its lease, µs
	renewedKey      = "{chat:members}:renewed" // string: when a node last renewed its lease, µs
	nodeNamesPrefix = "{chat:members}:node:"   // + node, set: the names present on it
	probePrefix     = "chat:probe:"            // + node, channel: its messages to itself
	claimPrefix     = "chat:claim:"            // + comparison form, hash: who holds a name
	heldPrefix      = "chat:held:"             // + address, sorted set: names it holds → end of the hold, µs
	peersPrefix     = "chat:peers:"            // + user, sorted set: who they talk with → last id
	publicKey       = "chat:messages"
	inboxPrefix     = "chat:inbox:" // + user
	talkPrefix      = "chat:dm:"    // + sender, ':' and receiver
)

// logKey is a log's sorted set, message → id; also its channel.
func logKey(log actors.Log) string { return kindOf(log).prefix + log.Name }

// channels bear what who subscribes to a log is told: what is appended to it, and of a room
// who comes and goes.
func channels(log actors.Log) []string {
	if log.Private() {
		return []string{logKey(log)}
	}
	return []string{logKey(log), membersKey}
}

// logOf is the log that a channel is of, and whether it bears who comes and goes.
func logOf(channel string) (log actors.Log, members, ok bool) {
	switch user, private := strings.CutPrefix(channel, inboxPrefix); {
	case private:
		return actors.Inbox(user), false, user != ""
	case channel == publicKey, channel == membersKey:
		return actors.Public, channel == membersKey, true
	default:
		return actors.Log{}, false, false
	}
}

// refsKey is a log's references of the last 10 minutes: sorted set, ref → id.
func refsKey(key string) string { return "{" + key + "}:refs" }

// trimmedKey is the newest id that a log no longer keeps: string.
func trimmedKey(key string) string { return "{" + key + "}:trimmed" }

// missingKey are ids that a log has lost, and that nobody has written back, though what came
// after each was: sorted set.
func missingKey(key string) string { return "{" + key + "}:missing" }

// waitingKey marks a log that began before anybody had claimed the name that it is for:
// string. Who claims it then gets what waits; in all other inboxes a new claim sees nothing.
func waitingKey(key string) string { return "{" + key + "}:waiting" }

// logKeys are the keys of the append script, and the first of the restore script.
func logKeys(key string) []string { return []string{key, refsKey(key), trimmedKey(key)} }

func claimKey(form string) string { return claimPrefix + form }

// claimKeys are all that a claim on a name takes: one for each form of it.
func claimKeys(name string) []string {
	keys := protocol.Forms(name)
	for i, form := range keys {
		keys[i] = claimKey(form)
	}
	return keys
}

// heldKey is of an address as limit.Site gives it.
func heldKey(site netip.Prefix) string { return heldPrefix + site.String() }

func peersKey(user string) string { return peersPrefix + user }

// presenceKeys are the keys of the presence scripts.
func presenceKeys(node string) []string {
	return []string{membersKey, membersSeqKey, nodesKey, nodeNamesPrefix + node}
}
