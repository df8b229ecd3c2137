package protocol

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./internal/gen $UNICODE

// Forms gives the comparison forms of a name that ParseName took, one or two, in a slice of the
// caller's: Fold, and how the name looks as it is spelled, if that is another. Names with a form in
// common are confused: they belong to one claim. They have one if they compare equal by the
// Nickname profile (RFC 8266), or if they look alike: have one skeleton by UTS #39 §4, as they are
// spelled or in small letters.
//
//	alice  a1ice  аӏісе (Cyrillic)  alice
//	ALICE                           alice  allce
//	aIice                           aiice  alice
//	Bob  B0b                        bob
//	ВОВ (Cyrillic)                  ʙoʙ    bob
//	Mary  rnary                     rnary
//	Ian                             ian    lan
//
// Most names have one form. Two have those with a capital I, or with capitals of other scripts whose
// small letters look like something else. It takes both: by small letters alone aIice would not be
// alice; as spelled alone ALICE would not. And it is not transitive: MarIa is confused with Maria and
// with Marla, who are two people.
func Forms(name string) []string {
	if form, ok := formOfASCII(name, "i"); ok && strings.IndexByte(name, 'I') < 0 {
		return []string{form}
	}
	fold, look := Fold(name), look(name)
	if look == fold {
		return []string{fold}
	}
	return []string{fold, look}
}

// Fold gives the form of a name that all names have which compare equal by the Nickname profile: how
// it looks in small letters. A form is its own Fold.
func Fold(name string) string {
	if form, ok := formOfASCII(name, "i"); ok {
		return form
	}
	letters := decompose(name)
	toLower(letters)
	return string(glance(glance(letters)))
}

// look gives how a name looks as it is spelled, in whatever case: ВОВ like bob.
func look(name string) string {
	if form, ok := formOfASCII(name, "l"); ok {
		return form
	}
	return string(glance(glance(decompose(name))))
}

// formOfASCII gives the form of a name of ASCII alone, where capitalI stands for I: the name itself,
// if that is it.
func formOfASCII(name, capitalI string) (form string, ok bool) {
	first := len(name) // of those that are not their own form
	for i := range len(name) {
		switch c := name[i]; {
		case c >= utf8.RuneSelf:
			return "", false
		case first < i:
		case 'A' <= c && c <= 'Z', c == '0', c == '1', c == 'm', c == '|', c == '`', c == '"', c == '%':
			first = i
		}
	}
	if first == len(name) {
		return name, true
	}
	var b strings.Builder
	b.Grow(2 * len(name)) // every m
	b.WriteString(name[:first])
	for i := first; i < len(name); i++ {
		switch c := name[i]; c {
		case 'I':
			b.WriteString(capitalI)
		case '1', '|':
			b.WriteByte('l')
		case '0':
			b.WriteByte('o')
		case 'm', 'M':
			b.WriteString("rn")
		case '`':
			b.WriteByte('\'')
		case '"':
			b.WriteString("''")
		case '%':
			b.WriteString("º/₀")
		default:
			b.WriteByte(byte(unicode.ToLower(rune(c))))
		}
	}
	return b.String(), true
}

// decompose gives the letters and marks of a name. Joiners can't be seen: they are the only
// characters of Default_Ignorable_Code_Point that the profile takes.
func decompose(name string) []rune {
	letters := make([]rune, 0, maxNameRunes)
	for _, r := range norm.NFD.String(name) {
		if r != '\u200c' && r != '\u200d' {
			letters = append(letters, r)
		}
	}
	return letters
}

// glance gives what decomposed letters look like, in small letters. That may look like something
// again, as m does, which М looks like: a second glance sees it, a third sees nothing new.
func glance(letters []rune) []rune {
	seen := skeleton(letters)
	toLower(seen)
	return seen
}

// toLower has letters in the case by which the profile compares. It needs no mapping to several
// characters: the only one, İ, is decomposed.
func toLower(letters []rune) {
	for i, r := range letters {
		letters[i] = unicode.ToLower(r)
	}
}

// skeleton is the one of UTS #39 §4: prototypes in place of letters, and these decomposed. Beyond
// that the order of the marks on a letter counts for nothing, and a dot over i or j can't be seen.
//
// Bidirectional order is left alone (there is no bidiSkeleton here): right-to-left letters mix with
// no others in a name, so it only concerns names wholly of those that look like Latin, such as סו,
// which looks like io and has the form of oi.
func skeleton(letters []rune) []rune {
	skeleton := make([]rune, 0, 2*len(letters))
	for _, r := range letters {
		if to, ok := prototypeOf(r); ok {
			for _, r := range to {
				skeleton = append(skeleton, r)
			}
		} else {
			skeleton = append(skeleton, r)
		}
	}
	return settleMarks(skeleton)
}

// prototype says that from looks like a piece of prototypesText: length bytes from at.
type prototype struct {
	from   rune
	at     uint16
	length uint8
}

// prototypeOf finds what r looks like; ok: something else.
func prototypeOf(r rune) (to string, ok bool) {
	i, ok := slices.BinarySearchFunc(prototypes[:], r, func(p prototype, r rune) int { return int(p.from) - int(r) })
	if !ok {
		return "", false
	}
	p := prototypes[i]
	return prototypesText[p.at : int(p.at)+int(p.length)], true
}

// dotAbove on i or j, which have one, can't be seen.
const dotAbove = '\u0307'

// settleMarks sorts the marks of each letter, and takes out those that can't be seen.
func settleMarks(letters []rune) []rune {
	settled := letters[:0]
	base, start := rune(0), 0
	for _, r := range letters {
		if !isMark(r) {
			slices.Sort(settled[start:])
			settled = append(settled, r)
			base, start = r, len(settled)
		} else if r != dotAbove || base != 'i' && base != 'j' {
			settled = append(settled, r)
		}
	}
	slices.Sort(settled[start:])
	return settled
}

// isMark reports a mark whose order among others means nothing.
func isMark(r rune) bool {
	if r < '\u0300' {
		return false
	}
	var b [utf8.UTFMax]byte
	return norm.NFD.Properties(b[:utf8.EncodeRune(b[:], r)]).CCC() != 0
}
