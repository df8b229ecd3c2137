package main

import "testing"

func table(pairs ...string) (table []look) {
	for i := 0; i < len(pairs); i += 2 {
		table = append(table, look{[]rune(pairs[i])[0], []rune(pairs[i+1])})
	}
	return table
}

func TestCharactersAreOfOneClassByLookOrCaseOrAChainOfBoth(t *testing.T) {
	c := newClasses(table("I", "l", "1", "l", "|", "l", "0", "O", "m", "rn", "М", "M", "О", "O", "æ", "ae", "đ", "d̵", "ð", "∂̵", "Ð", "D̵"))
	for form, class := range map[string]string{"i": "iIlL1|", "o": "oO0Оо", "rn": "mMМм", "ae": "æÆ", "d̵": "đĐðÐ", "d": "dD∂", "j": "jJȷ"} {
		for _, r := range class {
			if got := string(c.form(r)); got != form {
				t.Errorf("%c has the form %s, not %s", r, got, form)
			}
		}
	}
	if len(c.left) != 0 {
		t.Errorf("%v are left out", c.left)
	}
}

func TestChainsThatWouldJoinBasicCharactersAreCut(t *testing.T) {
	c := newClasses(table("Ν", "N", "ν", "v", "β", "ß", "Β", "B", "η", "n̩", "Η", "H"))
	for r, form := range map[rune]string{'n': "n", 'v': "v", 'ν': "v", 'Ν': "v", 'b': "b", 'β': "b", 'ß': "ß", 'h': "h", 'η': "h"} {
		if got := string(c.form(r)); got != form {
			t.Errorf("%c has the form %s, not %s", r, got, form)
		}
	}
	left := ""
	for _, l := range c.left {
		left += string(l.from)
	}
	if left != "Νβη" {
		t.Errorf("%s are left out", left)
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
