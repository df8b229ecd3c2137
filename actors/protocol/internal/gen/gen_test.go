package main

import (
	"maps"
	"testing"
)

func TestPrototypesAreThoseOfTheTableThatANameCanHold(t *testing.T) {
	got, err := newPrototypes([]record{
		{first: 'I', fields: []string{"006C", "MA"}}, {first: 'm', fields: []string{"0072 006E", "MA"}}, {first: 'ӏ', fields: []string{"0069", "MA"}},
		{first: 'ｏ', fields: []string{"006F", "MA"}}, {first: 'é', fields: []string{"0065 0301", "MA"}}, {first: 'ҫ', fields: []string{"00E7", "MA"}}, {first: 'յ', fields: []string{"0237", "MA"}},
	})
	if want := map[rune]string{'I': "l", 'm': "rn", 'ҫ': "c\u0327", 'ӏ': "l", 'ȷ': "j", 'յ': "j"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if _, err := newPrototypes([]record{{first: 'I', fields: []string{"l", "MA"}}}); err == nil {
		t.Error("a prototype that is no code point is taken")
	}
}

func TestScriptsAreJoinedByExtensionAndWritingSystem(t *testing.T) {
	aliases := []record{{property: "sc", fields: []string{"Latn", "Latin"}}, {property: "sc", fields: []string{"Hira", "Hiragana"}}, {property: "sc", fields: []string{"Zyyy", "Common"}}}
	scripts := []record{{'a', 'z', "", []string{"Latin"}}, {'あ', 'い', "", []string{"Hiragana"}}, {'ー', 'ー', "", []string{"Common"}}, {'0', '9', "", []string{"Common"}}}
	extensions := []record{{'ー', 'ー', "", []string{"Hira Kana"}}}
	ranges, err := newScriptRanges(scripts, extensions, aliases)
	if err != nil || len(ranges) != 3 {
		t.Fatal(ranges, err)
	}
	for i, want := range []scriptRange{{'a', 'z', "Latn"}, {'あ', 'い', "Hira Jpan"}, {'ー', 'ー', "Hira Jpan Kana"}} {
		if ranges[i] != want {
			t.Errorf("%+v, not %+v", ranges[i], want)
		}
	}
}
