package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// amendments are what the table leaves out or has otherwise. It has ı look like i, but no ȷ like j.
// It has the capital palochka Ӏ look like l, but the small one like i, which next to no font draws:
// аӏісе would not be alice.
var amendments = map[rune]string{'ȷ': "j", 'ӏ': "l"}

// newPrototypes gives what characters look like, their prototypes (UTS #39 §4), decomposed: of
// confusables.txt, what a decomposed name can hold.
func newPrototypes(confusables []record) (map[rune]string, error) {
	prototypes := map[rune]string{}
	for _, c := range confusables {
		to, err := parseRunes(c.fields[0])
		if err != nil {
			return nil, fmt.Errorf("read confusables.txt: %w", err)
		}
		if canStand(c.first) {
			prototypes[c.first] = norm.NFD.String(string(to))
		}
	}
	for r, to := range amendments {
		for from, before := range prototypes {
			prototypes[from] = strings.ReplaceAll(before, string(r), to)
		}
		prototypes[r] = to
	}
	return prototypes, nil
}

// canStand reports whether r may be in a name that was enforced (NFKC) and then decomposed.
func canStand(r rune) bool {
	s := string(r)
	return utf8.ValidRune(r) && norm.NFKC.IsNormalString(s) && norm.NFD.IsNormalString(s)
}
