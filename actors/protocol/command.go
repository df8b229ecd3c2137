package protocol

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Verb is what a client's frame asks for.
type Verb string

// The verbs.
const (
	VerbJoin        Verb = "join"
	VerbMsg         Verb = "msg"
	VerbDM          Verb = "dm"
	VerbHistory     Verb = "history"
	VerbDMHistory   Verb = "dmhistory"
	VerbEnter       Verb = "enter"
	VerbExit        Verb = "exit"
	VerbRoom        Verb = "room"
	VerbRoomHistory Verb = "roomhistory"
	VerbRooms       Verb = "rooms"
	VerbHold        Verb = "hold"
	VerbPing        Verb = "ping"
)

// longestRef is how many characters a client's reference has at most.
const longestRef = 64

// Command is a client's frame taken apart. Which fields are set depends on the
// verb; names are as the client wrote them.
type Command struct {
	Verb  Verb
	Ref   string // "" where none was given
	Name  string // join, msg, dm, room
	Token string // join
	Peer  string // dm, dmhistory
	Room  string // enter, exit, room, roomhistory; rooms: after which, "" from the first on
	Text  string // msg, dm, room, ping
	// Before is the id that a page of history ends below; NewestPage for none.
	Before int64
	// Cursor is where an enter goes on; NoCursor for none.
	Cursor int64
}

// NoCursor as Command.Cursor asks for the newest messages.
const NoCursor = int64(-1)

// IsMessage says whether the command is something said, which has its place in an order.
func (c Command) IsMessage() bool {
	return c.Verb == VerbMsg || c.Verb == VerbDM || c.Verb == VerbRoom
}

// NewestPage as Command.Before asks for the newest page.
const NewestPage = int64(1) << 53

// Errors of ParseCommand.
var (
	ErrBadFrame    = errors.New("bad frame")
	ErrUnknownVerb = errors.New("unknown verb")
)

// ParseCommand takes a frame apart: VERB[#REF]:REST. On an error the command
// still bears the ref, if that was readable, for the answer. It never panics,
// whatever it is given.
func ParseCommand(frame string) (Command, error) {
	head, rest, found := strings.Cut(frame, ":")
	if !found {
		return Command{}, ErrBadFrame
	}
	word, ref, hasRef := strings.Cut(head, "#")
	if hasRef && !isRef(ref) {
		return Command{}, ErrBadFrame
	}
	c := Command{Verb: Verb(word), Ref: ref}
	if word == "" {
		return c, ErrBadFrame
	}
	ok := true
	switch c.Verb {
	case VerbJoin:
		c.Name, c.Token, _ = strings.Cut(rest, ":")
	case VerbMsg:
		c.Name, c.Text, ok = strings.Cut(rest, ":")
	case VerbDM:
		c.Name, c.Peer, c.Text, ok = cutTwo(rest)
	case VerbRoom:
		c.Name, c.Room, c.Text, ok = cutTwo(rest)
	case VerbHistory:
		c.Before, ok = parseBefore(rest)
	case VerbDMHistory:
		c.Peer, c.Before, ok = cutBefore(rest)
	case VerbRoomHistory:
		c.Room, c.Before, ok = cutBefore(rest)
	case VerbEnter:
		c.Room, c.Cursor, ok = cutCursor(rest)
	case VerbExit, VerbRooms:
		c.Room = rest
	case VerbHold: // what follows is kept for later
	case VerbPing:
		c.Text = rest
	default:
		return c, ErrUnknownVerb
	}
	if !ok {
		return c, ErrBadFrame
	}
	return c, nil
}

func isRef(s string) bool {
	if s == "" || len(s) > longestRef {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// cutTwo cuts at the first two colons.
func cutTwo(s string) (first, second, rest string, ok bool) {
	if first, rest, ok = strings.Cut(s, ":"); ok {
		second, rest, ok = strings.Cut(rest, ":")
	}
	return first, second, rest, ok
}

// cutBefore takes apart of whom or where a page is, and what it ends below.
func cutBefore(s string) (of string, before int64, ok bool) {
	of, rest, ok := strings.Cut(s, ":")
	if ok {
		before, ok = parseBefore(rest)
	}
	return of, before, ok
}

// cutCursor takes apart a room, and where a client goes on in it, if it says so.
func cutCursor(s string) (room string, cursor int64, ok bool) {
	room, rest, has := strings.Cut(s, ":")
	if !has || rest == "" {
		return room, NoCursor, true
	}
	cursor, err := strconv.ParseInt(rest, 10, 64)
	return room, cursor, err == nil && cursor >= 0
}

func parseBefore(s string) (int64, bool) {
	if s == "" {
		return NewestPage, true
	}
	before, err := strconv.ParseInt(s, 10, 64)
	return min(before, NewestPage), err == nil && before >= 0
}

// TextOK says whether text may be said: 1 to limit bytes, no control characters
// but newlines. The transport has checked that it is UTF-8.
func TextOK(text string, limit int) bool {
	if text == "" || len(text) > limit {
		return false
	}
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\n' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.IsControl(r) || r == utf8.RuneError && size == 1 {
			return false
		}
		i += size
	}
	return true
}
