package actors

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./internal/gen $UNICODE

// mapping says that from stands for, or looks like, a piece of a text: length bytes from at.
type mapping struct {
	from   rune
	at     uint16
	length uint8
}

// lookup finds what r is mapped to by a sorted table; ok: it is.
func lookup(table []mapping, text string, r rune) (to string, ok bool) {
	i, ok := slices.BinarySearchFunc(table, r, func(m mapping, r rune) int { return int(m.from) - int(r) })
	if !ok {
		return "", false
	}
	m := table[i]
	return text[m.at : int(m.at)+int(m.length)], true
}

// Fold gives the comparison form of a name that ParseName took: names with equal forms belong to
// one claim. Two names have one form if they compare equal by the Nickname profile (RFC 8266), or
// look alike as they are spelled: have one skeleton by UTS #39 §4. The form is made as a skeleton is,
// but of classes of characters in place of prototypes: each character is taken for all that it is
// confused with in either case.
//
//	alice  aIice  a1ice  ALICE  аӏісе (all Cyrillic)     one form: i, I, l, L, 1 and | are one class
//	Bob    B0b    ВОВ (all Cyrillic)                     one form: o, O and 0 are one
//	Mary   rnary                                         one form: m is rn
//	user1  user2; ann, arn; Zoe, Zoë; Straub, Strauß     different
//
// One form for both comparisons is coarser than either: Marla looks like MarIa, which compares equal
// to Maria, and so all three are one. internal/gen says where such chains are cut: they join no two
// characters of ASCII but those above. What looks like ASCII and is cut off ParseName refuses; what
// is left is the likes of a Cyrillic Г beside a Greek Γ.
//
// Beside the classes: a dot over i or j can't be seen; the order of the marks on a letter counts for
// nothing; nor do joiners, the only characters of Default_Ignorable_Code_Point that the profile
// takes. Bidirectional order is left alone (there is no bidiSkeleton here): right-to-left letters mix
// with no others in a name, so it only concerns names wholly of those that look like Latin, such as
// סו, which looks like io and has the form of oi.
func Fold(name string) string {
	if form, ok := foldASCII(name); ok {
		return form
	}
	form := make([]rune, 0, maxNameRunes)
	for _, r := range norm.NFD.String(name) {
		if r < utf8.RuneSelf {
			form = append(form, []rune(asciiForms[r])...)
			continue
		}
		if r == '\u200c' || r == '\u200d' {
			continue
		}
		r = unicode.ToLower(r)
		if to, ok := lookup(forms[:], formsText, r); ok {
			form = append(form, []rune(to)...)
		} else {
			form = append(form, r)
		}
	}
	return string(settleMarks(form))
}

// foldASCII gives the form of a name of ASCII alone; the name itself, if that is it.
func foldASCII(name string) (form string, ok bool) {
	same := true
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return "", false
		}
		to := asciiForms[name[i]]
		same = same && len(to) == 1 && to[0] == name[i]
	}
	if same {
		return name, true
	}
	var b strings.Builder
	b.Grow(2 * len(name)) // every m
	for i := range len(name) {
		b.WriteString(asciiForms[name[i]])
	}
	return b.String(), true
}

// dotAbove on i or j, which have one, can't be seen.
const dotAbove = '\u0307'

// settleMarks sorts the marks of each letter, and takes out those that can't be seen.
func settleMarks(form []rune) []rune {
	settled := form[:0]
	base, start := rune(0), 0
	for _, r := range form {
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

// falseFace reports a name that reads as ASCII, and would all the same not belong to the claim of
// what it reads as: ΤΟΝΥ in Greek capitals, whose form is that of τονυ, which looks like tovu. Such
// a name can't be given to anybody.
func falseFace(name string) bool {
	face := make([]byte, 0, maxNameRunes)
	for _, r := range name { // composed, for what has a mark does not read as ASCII
		if r < utf8.RuneSelf {
			face = append(face, byte(r))
			continue
		}
		to, ok := lookup(looks[:], looksText, r)
		if !ok {
			return false
		}
		face = append(face, to...)
	}
	return Fold(string(face)) != Fold(name)
}
