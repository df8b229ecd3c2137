package protocol

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// ErrBadName is what ParseName's and ParseRoom's errors wrap: the string can't be a name.
var ErrBadName = errors.New("bad name")

const (
	// maxNameRunes bounds a name as people see it, after enforcement, and maxRoomRunes that of a room.
	maxNameRunes = 32
	maxRoomRunes = 64

	// maxNameBytes bounds what is handed to the profile, which is not cheap: 64 characters of
	// three decomposed code points each, with room for the spaces that enforcement takes out.
	maxNameBytes = 1024

	// nameSeparators mean something on the wire (`:`), in a Redis Cluster key (`{` `}`) and in an
	// actor's name (`/`).
	nameSeparators = ":{}/"
)

// ParseName trims s and takes it if it is 1–32 characters that PRECIS Nickname (RFC 8266) takes,
// without `:` `{` `}` `/`. The name is what the profile's enforcement gives: NFKC, inner runs of
// spaces as one. It may share the memory of s.
//
// Beyond the profile it refuses what lets one name pass for another: blanks and marks that can't
// be seen, and look-alikes of mixed scripts. What else looks alike has a comparison form in
// common: Forms.
func ParseName(s string) (string, error) { return parseName(s, maxNameRunes) }

// ParseRoom is ParseName for the name of a room, which may be of 64 characters.
func ParseRoom(s string) (string, error) { return parseName(s, maxRoomRunes) }

// RoomKey gives what the names of rooms have in common that are one room: which compare equal by the
// Nickname profile (RFC 8266 §2.4). It is of a name that ParseRoom took.
func RoomKey(name string) string {
	if plainASCII(name) {
		return strings.ToLower(name)
	}
	key, err := precis.Nickname.CompareKey(name)
	if err != nil { // the profile has taken it before
		return strings.ToLower(name)
	}
	return key
}

func parseName(s string, most int) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > maxNameBytes {
		return "", fmt.Errorf("%w: not 1 to %d characters", ErrBadName, most)
	}
	if plainASCII(s) {
		return checkName(s, most)
	}
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%w: not UTF-8", ErrBadName)
	}
	name, err := precis.Nickname.String(s)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadName, err)
	}
	return checkName(name, most)
}

// plainASCII reports whether the profile gives s as it is, apart from case.
func plainASCII(s string) bool {
	before := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && before == ' ' {
			return false
		}
		before = s[i]
	}
	return before != ' '
}

// checkName takes an enforced name if its length and characters may stand in a name.
func checkName(name string, most int) (string, error) {
	switch {
	case utf8.RuneCountInString(name) > most:
		return "", fmt.Errorf("%w: more than %d characters", ErrBadName, most)
	case strings.ContainsAny(name, nameSeparators):
		return "", fmt.Errorf("%w: one of %s", ErrBadName, nameSeparators)
	case plainASCII(name):
		return name, nil // the rest can't be wrong: the fast path
	case strings.ContainsFunc(name, unseen) || marksOverlap(name):
		return "", fmt.Errorf("%w: characters that can't be seen", ErrBadName)
	case !highlyRestrictive(name):
		return "", fmt.Errorf("%w: mixed scripts", ErrBadName)
	}
	return name, nil
}

// unseen reports characters that the profile takes, as symbols or letters, but that show nothing,
// and U+FFFD, which shows that something was lost. Control, format and zero-width characters are
// refused by the profile itself; it takes the two joiners, in the contexts of RFC 5892 appendix A.
func unseen(r rune) bool {
	switch r {
	case '\u2800', // Braille pattern blank
		'\ufffc',                   // object replacement character
		utf8.RuneError,             // U+FFFD
		'\U00013441', '\U00013442', // Egyptian hieroglyph blanks
		'\U00016fe4', // Khitan small script filler
		'\U0001d159': // musical symbol null notehead
		return true
	case '\u200c', '\u200d':
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// marksOverlap reports a nonspacing mark that has nothing to sit on, or that is drawn over its own
// like (UTS #39 §5.4: "á" with one acute or with two looks the same).
func marksOverlap(name string) bool {
	before := ' '
	for _, r := range norm.NFD.String(name) { // composed, the first mark would hide
		if unicode.Is(unicode.Mn, r) && (before == ' ' || before == r) {
			return true
		}
		before = r
	}
	return false
}
