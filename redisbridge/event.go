package redisbridge

import (
	"strconv"
	"strings"

	"parley/actors"
	"parley/actors/protocol"
)

// parseEvent reads what a channel of a log bears: nil, if that is malformed.
func parseEvent(log actors.Log, members bool, payload string) any {
	upto, restored := strings.CutPrefix(payload, "<")
	presence, of := strings.CutPrefix(payload, "@")
	switch {
	case members, of:
		if e := parsePresence(presence); e != nil {
			return e
		}
	case restored:
		if e := parseRestored(log, upto); e != nil {
			return e
		}
	default:
		if e := parseAppended(log, payload); e != nil {
			return e
		}
	}
	return nil
}

// parseAppended reads an event of a log: the id before, then id, ref and member of
// each message, a line each. What is malformed is left out: the log has it.
func parseAppended(log actors.Log, payload string) *actors.Appended {
	line, rest, _ := strings.Cut(payload, "\n")
	prev, err := strconv.ParseInt(line, 10, 64)
	if err != nil {
		return nil
	}
	e := &actors.Appended{Log: log, Prev: prev}
	frames := make([]byte, 0, len(rest)+16)
	for rest != "" {
		var id, ref, member string
		id, rest, _ = strings.Cut(rest, "\n")
		ref, rest, _ = strings.Cut(rest, "\n")
		member, rest, _ = strings.Cut(rest, "\n")
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || member == "" {
			return nil
		}
		from := len(frames)
		frames = protocol.AppendFrame(frames, member)
		e.Entries = append(e.Entries, protocol.Entry{ID: n, Ref: ref, Frame: frames[from:len(frames):len(frames)]})
	}
	return e
}

// parseRestored reads an event that tells of what was put back into a log: after '<', up to
// which id.
func parseRestored(log actors.Log, upto string) *actors.Restored {
	id, err := strconv.ParseInt(upto, 10, 64)
	if err != nil {
		return nil
	}
	return &actors.Restored{Log: log, Upto: id}
}

// parsePresence reads an event of presence: its number, then +name for who came and
// -name for who went, a line each.
func parsePresence(payload string) *actors.PresenceChanged {
	lines := strings.Split(payload, "\n")
	seq, err := strconv.ParseInt(lines[0], 10, 64)
	if err != nil {
		return nil
	}
	e := &actors.PresenceChanged{Seq: seq}
	for _, line := range lines[1:] {
		switch {
		case strings.HasPrefix(line, "+"):
			e.Joined = append(e.Joined, line[1:])
		case strings.HasPrefix(line, "-"):
			e.Left = append(e.Left, line[1:])
		}
	}
	return e
}
