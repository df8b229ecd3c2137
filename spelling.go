package main

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// misspelled gives the variables of the environment that are no settings, but one letter away from one:
// one is missing, too many, another, or two have changed places.
func misspelled(environment map[string]string) (likely map[string]string) {
	known := map[string]bool{}
	eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) { known[f.Tag.Get("env")] = true })
	likely = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		if known[name] {
			continue
		}
		for _, setting := range slices.Sorted(maps.Keys(known)) {
			if oneEditAway(strings.ToUpper(name), setting) {
				likely[name] = setting
			}
		}
	}
	return likely
}

// oneEditAway says whether one insertion, deletion, substitution or exchange of neighbours makes a of b, or
// none does anything: they are the same.
func oneEditAway(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > 1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) > len(b):
		return a[i+1:] == b[i:]
	case i == len(a):
		return true
	case a[i+1:] == b[i+1:]:
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
