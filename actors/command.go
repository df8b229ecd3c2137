package actors

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Code is an error code of the wire protocol: a closed list that clients act on.
type Code string

// The closed list. The last three carry retry_ms.
const (
	CodeBadFrame      Code = "bad_frame"
	CodeUnknownVerb   Code = "unknown_verb"
	CodeBadName       Code = "bad_name"
	CodeBadText       Code = "bad_text"
	CodeNotJoined     Code = "not_joined"
	CodeAlreadyJoined Code = "already_joined"
	CodeNameTaken     Code = "name_taken"
	CodeWrongName     Code = "wrong_name"
	CodeUnauthorized  Code = "unauthorized"
	CodeRateLimited   Code = "rate_limited"
	CodeOverloaded    Code = "overloaded"
	CodeUnavailable   Code = "unavailable"
)

// verb is what a client's frame asks for.
type verb string

const (
	verbJoin      verb = "join"
	verbMsg       verb = "msg"
	verbDM        verb = "dm"
	verbHistory   verb = "history"
	verbDMHistory verb = "dmhistory"
	verbHold      verb = "hold"
	verbPing      verb = "ping"
)

// longestRef is how many characters a client's reference has at most.
const longestRef = 64

// command is a client's frame taken apart. Which fields are set depends on the
// verb; names are as the client wrote them.
type command struct {
	verb  verb
	ref   string // "" where none was given
	name  string // join, msg, dm
	token string // join
	peer  string // dm, dmhistory
	text  string // msg, dm, ping
	// before is the id that a page of history ends below; newestPage for none.
	before int64
}

// newestPage as command.before asks for the newest page.
const newestPage = int64(1) << 53

var (
	errBadFrame    = errors.New("bad frame")
	errUnknownVerb = errors.New("unknown verb")
)

// parseCommand takes a frame apart: VERB[#REF]:REST. On an error the command
// still bears the ref, if that was readable, for the answer. It never panics,
// whatever it is given.
func parseCommand(frame string) (command, error) {
	head, rest, found := strings.Cut(frame, ":")
	if !found {
		return command{}, errBadFrame
	}
	word, ref, hasRef := strings.Cut(head, "#")
	if hasRef && !isRef(ref) {
		return command{}, errBadFrame
	}
	c := command{verb: verb(word), ref: ref}
	if word == "" {
		return c, errBadFrame
	}
	ok := true
	switch c.verb {
	case verbJoin:
		c.name, c.token, _ = strings.Cut(rest, ":")
	case verbMsg:
		c.name, c.text, ok = strings.Cut(rest, ":")
	case verbDM:
		if c.name, rest, ok = strings.Cut(rest, ":"); ok {
			c.peer, c.text, ok = strings.Cut(rest, ":")
		}
	case verbHistory:
		c.before, ok = parseBefore(rest)
	case verbDMHistory:
		var before string
		if c.peer, before, ok = strings.Cut(rest, ":"); ok {
			c.before, ok = parseBefore(before)
		}
	case verbHold: // what follows is kept for later
	case verbPing:
		c.text = rest
	default:
		return c, errUnknownVerb
	}
	if !ok {
		return c, errBadFrame
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

func parseBefore(s string) (int64, bool) {
	if s == "" {
		return newestPage, true
	}
	before, err := strconv.ParseInt(s, 10, 64)
	return min(before, newestPage), err == nil && before >= 0
}

// textOK says whether text may be said: 1 to limit bytes, no control characters
// but newlines. The transport has checked that it is UTF-8.
func textOK(text string, limit int) bool {
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
