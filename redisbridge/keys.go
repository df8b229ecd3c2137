package redisbridge

import (
	"hash/fnv"
	"net/netip"
	"strconv"
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
	livesKey        = "{chat:members}:lives"   // hash: node → its life, in which it has said who is in which room
	overKey         = "{chat:members}:over"    // sorted set: 'node life' that is over → until when somebody is at it, µs
	hostedPrefix    = "chat:node:"             // + node, '.' and life, set: the keys of rooms that it has said who is in
	roomsPrefix     = "chat:rooms:"            // + user, sorted set: rooms they were in, as spelled → how far they had followed
	formPrefix      = "chat:roomform:"         // + comparison form, string: the key of the room that has it
	publicKey       = "chat:messages"
	roomPrefix      = "chat:room:"  // + a room's key
	inboxPrefix     = "chat:inbox:" // + user
	talkPrefix      = "chat:dm:"    // + sender, ':' and receiver
)

// logKey is a log's sorted set, message → id; also its channel.
func logKey(log actors.Log) string { return kindOf(log).prefix + log.Name }

// indexes are how many sorted sets list the rooms, so that no single one is written to by all.
const indexes = 16

// indexKey is one of them: the keys of rooms, all with score 0. No user has such a name.
func indexKey(i int) string { return roomsPrefix + "{" + strconv.Itoa(i) + "}" }

// indexOf is the one that lists a room.
func indexOf(room actors.Log) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(room.Name))
	return indexKey(int(h.Sum32() % indexes))
}

// roomKeys are what stands beside a room's log.
type roomKeys struct{ log string }

func keysOf(room actors.Log) roomKeys { return roomKeys{logKey(room)} }

// name is how the room is spelled, as long as there is one: string.
func (k roomKeys) name() string { return "{" + k.log + "}:name" }

// members are the names present in it: set.
func (k roomKeys) members() string { return "{" + k.log + "}:members" }

// seq is the number of the last presence event: string.
func (k roomKeys) seq() string { return "{" + k.log + "}:seq" }

// nodes are those that names are present on → the life that each said so in: hash.
func (k roomKeys) nodes() string { return "{" + k.log + "}:nodes" }

// namesPrefix is what the key of a node's own begins with: set.
func (k roomKeys) namesPrefix() string { return "{" + k.log + "}:node:" }

// gather are the keys of the scripts that say who is in the room on a node.
func (k roomKeys) gather(node string) []string {
	return []string{k.members(), k.seq(), k.nodes(), k.namesPrefix() + node, k.log}
}

// membersOf and seqOfMembers are the keys of who is present in a room, and of the last event's number.
func membersOf(room actors.Log) string {
	if room.Named() {
		return keysOf(room).members()
	}
	return membersKey
}

func seqOfMembers(room actors.Log) string {
	if room.Named() {
		return keysOf(room).seq()
	}
	return membersSeqKey
}

// channels bear what who subscribes to a log is told: what is appended to it, and of a room
// who comes and goes.
func channels(log actors.Log) []string {
	if log == actors.Public {
		return []string{logKey(log), membersKey}
	}
	return []string{logKey(log)}
}

// logOf is the log that a channel is of, and whether it bears only who comes and goes.
func logOf(channel string) (log actors.Log, members, ok bool) {
	if user, private := strings.CutPrefix(channel, inboxPrefix); private {
		return actors.Inbox(user), false, user != ""
	}
	if room, named := strings.CutPrefix(channel, roomPrefix); named {
		return actors.Log{Kind: actors.RoomLog, Name: room}, false, room != ""
	}
	return actors.Public, channel == membersKey, channel == publicKey || channel == membersKey
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
