package main

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// look is one line of confusables.txt: from looks like to, its prototype, decomposed.
type look struct {
	from rune
	to   []rune
}

// beside is what the table leaves out: it has ı look like i, but no ȷ like j.
var beside = look{'ȷ', []rune("j")}

// classes sorts characters by what they are taken for: two of one class are a letter in both cases,
// or look alike, or are linked by a chain of such pairs.
//
// Such chains would join what nobody takes for one another: Greek ν looks like v and its capital Ν
// like N, so n would be v. The basic characters, those of ASCII and ß, are therefore joined by what
// the table says of themselves alone: 0 is O, 1 and I and | are l, ` is '. A line that would join two
// others is left out.
type classes struct {
	parent  map[rune]rune
	members map[rune][]rune // of a root, itself too
	basic   map[rune]bool   // roots with a basic character in their class
	spelled map[rune][]rune // root to the several characters that its class looks like (m: rn)
	left    []look          // out
}

func newClasses(table []look) *classes {
	c := &classes{parent: map[rune]rune{}, members: map[rune][]rune{}, basic: map[rune]bool{'ß': true}, spelled: map[rune][]rune{}}
	for r := rune('!'); r <= '~'; r++ {
		c.basic[r] = true
	}
	for r := range unicode.MaxRune + 1 {
		for _, other := range []rune{unicode.ToLower(r), unicode.SimpleFold(r)} {
			if other != r && isLetter(r) && isLetter(other) {
				c.join(r, other, true)
			}
		}
	}
	table = slices.DeleteFunc(append(slices.Clone(table), beside), func(l look) bool { return !canStand(l.from) || isMark(l.from) && !isMark(l.to[0]) })
	slices.SortStableFunc(table, func(a, b look) int { return weight(a) - weight(b) })
	for _, l := range table {
		if !c.add(l) {
			c.left = append(c.left, l)
		}
	}
	return c
}

// weight orders the table's lines: first what is said of ASCII, then what looks like ASCII, small
// letters before capitals, for most names are spelled in small ones. What looks like several
// characters comes last, when it is known who is in one class.
func weight(l look) int {
	switch small := unicode.ToLower(l.from) == l.from; {
	case l.from < utf8.RuneSelf:
		return 0
	case len(l.to) > 1 && small:
		return 4
	case len(l.to) > 1:
		return 5
	case l.to[0] >= utf8.RuneSelf:
		return 3
	case !small:
		return 2
	}
	return 1
}

// canStand reports whether r may be in a name that was enforced (NFKC) and then decomposed.
func canStand(r rune) bool {
	s := string(r)
	return utf8.ValidRune(r) && norm.NFKC.IsNormalString(s) && norm.NFD.IsNormalString(s)
}

func isLetter(r rune) bool { return !isMark(r) && canStand(r) }

func isMark(r rune) bool { return norm.NFD.PropertiesString(string(r)).CCC() != 0 }

// add takes one line in, if that may be.
func (c *classes) add(l look) bool {
	forced := l.from < utf8.RuneSelf
	if len(l.to) == 1 {
		return c.join(l.from, l.to[0], forced)
	}
	root := c.root(l.from)
	if before, ok := c.spelled[root]; ok {
		return c.equate(before, l.to)
	}
	if c.basic[root] && !forced || c.within(root, l.to) {
		return false
	}
	c.spelled[root] = l.to
	return true
}

// equate makes two sequences one, character by character, if that may be.
func (c *classes) equate(a, b []rune) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if c.root(a[i]) != c.root(b[i]) && (isMark(a[i]) || isMark(b[i]) || !c.join(a[i], b[i], false)) {
			return false
		}
	}
	return true
}

// join makes one class of two, if that may be.
func (c *classes) join(a, b rune, forced bool) bool {
	x, y := c.root(a), c.root(b)
	sequence, both := c.spelled[x], c.spelled[x] != nil && c.spelled[y] != nil
	if sequence == nil {
		sequence = c.spelled[y]
	}
	switch {
	case x == y:
		return true
	case both, c.within(x, sequence), c.within(y, sequence):
		return false
	case c.basic[x] && c.basic[y] && !forced:
		return false
	case c.basic[x] && c.spelled[y] != nil, c.basic[y] && c.spelled[x] != nil:
		return false // the basic one would be spelled
	}
	c.members[y] = append(c.class(y), c.class(x)...)
	c.parent[x], c.basic[y] = y, c.basic[x] || c.basic[y]
	if sequence != nil {
		c.spelled[y] = sequence
	}
	return true
}

func (c *classes) root(r rune) rune {
	for up, ok := c.parent[r]; ok; up, ok = c.parent[r] {
		r = up
	}
	return r
}

// class lists the members of a root's class.
func (c *classes) class(root rune) []rune {
	if members := c.members[root]; members != nil {
		return members
	}
	return []rune{root}
}

// within reports whether root's class is part of sequence, or of what that stands for.
func (c *classes) within(root rune, sequence []rune) bool {
	return slices.ContainsFunc(sequence, func(r rune) bool {
		x := c.root(r)
		return x == root || c.within(root, c.spelled[x])
	})
}

// form is what stands for r in the comparison form of a name.
func (c *classes) form(r rune) []rune {
	root := c.root(r)
	if sequence := c.spelled[root]; sequence != nil {
		var form []rune
		for _, r := range sequence {
			form = append(form, c.form(r)...)
		}
		return form
	}
	return []rune{slices.MinFunc(c.class(root), func(a, b rune) int { return rank(a) - rank(b) })}
}

// rank puts the small letters of ASCII first, then the rest of ASCII, then what has no capital
// in it.
func rank(r rune) int {
	const step = unicode.MaxRune + 1
	switch {
	case 'a' <= r && r <= 'z':
		return int(r)
	case r < utf8.RuneSelf:
		return step + int(r)
	case unicode.ToLower(r) == r:
		return 2*step + int(r)
	}
	return 3*step + int(r)
}
