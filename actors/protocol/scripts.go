package protocol

import (
	"slices"
	"unicode/utf8"
)

// scriptRange is characters of one set of scripts, by its number.
type scriptRange struct {
	first, last rune
	set         uint8
}

// highlyRestrictive reports whether name has the scripts of the restriction level "Highly
// Restrictive" of UTS #39 §5.2: there is a script that all its characters go with, or they go with
// Latin and one of the writing systems of Chinese, Japanese and Korean. What a character goes with
// is its augmented script set (§5.1), by Script_Extensions: the danda (U+0964) with the scripts of
// India, the long vowel mark (U+30FC) with both kana, digits and emoji and most combining marks with
// every script. No maintained Go library offers the rule.
func highlyRestrictive(name string) bool {
	all, notLatin := everyScript(), everyScript()
	for _, r := range name {
		set, ok := scriptsOf(r)
		if !ok {
			continue
		}
		all.intersect(set)
		if !set.has(scriptLatn) {
			notLatin.intersect(set)
		}
	}
	return all != scriptSet{} || notLatin.has(scriptHanb) || notLatin.has(scriptJpan) || notLatin.has(scriptKore)
}

// scriptsOf gives the augmented script set of r, false if that is every script.
func scriptsOf(r rune) (set *scriptSet, ok bool) {
	if r < utf8.RuneSelf && !isLatinASCII(r) {
		return nil, false
	}
	i, ok := slices.BinarySearchFunc(scriptRanges[:], r, func(in scriptRange, r rune) int {
		switch {
		case in.last < r:
			return -1
		case in.first > r:
			return 1
		}
		return 0
	})
	if !ok {
		return nil, false
	}
	return &scriptSets[scriptRanges[i].set], true
}

func everyScript() (s scriptSet) {
	for i := range s {
		s[i] = ^uint64(0)
	}
	return s
}

func (s *scriptSet) intersect(with *scriptSet) {
	for i := range s {
		s[i] &= with[i]
	}
}

func (s *scriptSet) has(script int) bool { return s[script/64]>>(script%64)&1 == 1 }

func isLatinASCII(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
