package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// scriptRange is characters of one set of scripts.
type scriptRange struct {
	first, last rune
	set         string // four-letter names in order, with spaces between them
}

// writingSystems are the sets that UTS #39 §5.1 puts beside a script: those that write it together
// with others (Chinese, Japanese, Korean).
var writingSystems = map[string][]string{
	"Bopo": {"Hanb"},
	"Hang": {"Kore"},
	"Hani": {"Hanb", "Jpan", "Kore"},
	"Hira": {"Jpan"},
	"Kana": {"Jpan"},
}

// newScriptRanges gives the augmented script sets of all characters that don't go with every script:
// by ScriptExtensions.txt, and by Scripts.txt what is not in there. aliases are the records of
// PropertyValueAliases.txt.
func newScriptRanges(scripts, extensions, aliases []record) ([]scriptRange, error) {
	short := map[string]string{} // Latin: Latn
	for _, a := range aliases {
		if a.property == "sc" {
			short[a.fields[1]] = a.fields[0]
		}
	}
	sets := map[rune]string{}
	for _, s := range scripts {
		name, ok := short[s.fields[0]]
		switch {
		case !ok:
			return nil, fmt.Errorf("script %s has no short name", s.fields[0])
		case name == "Zyyy" || name == "Zinh":
			continue
		}
		for r := s.first; r <= s.last; r++ {
			sets[r] = augmented([]string{name})
		}
	}
	for _, x := range extensions {
		for r := x.first; r <= x.last; r++ {
			sets[r] = augmented(strings.Fields(x.fields[0]))
		}
	}
	return ranges(sets), nil
}

func augmented(set []string) string {
	for _, s := range slices.Clone(set) {
		set = append(set, writingSystems[s]...)
	}
	slices.Sort(set)
	return strings.Join(slices.Compact(set), " ")
}

// ranges joins neighbours of equal sets.
func ranges(sets map[rune]string) []scriptRange {
	singles := make([]scriptRange, 0, len(sets))
	for r, set := range sets {
		singles = append(singles, scriptRange{r, r, set})
	}
	slices.SortFunc(singles, func(a, b scriptRange) int { return cmp.Compare(a.first, b.first) })
	var joined []scriptRange
	for _, s := range singles {
		if n := len(joined) - 1; n >= 0 && joined[n].last+1 == s.first && joined[n].set == s.set {
			joined[n].last = s.last
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}
