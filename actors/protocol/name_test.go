package protocol

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

func TestParseNameTakes(t *testing.T) {
	for _, c := range []struct{ why, in, want string }{
		{"plain", "alice", "alice"},
		{"case is kept", "Alice", "Alice"},
		{"one character", "a", "a"},
		{"digits and signs", "x_42 (away) #1!", "x_42 (away) #1!"},
		{"Unicode white space around", "\u00a0\u2003 alice \t\r\n\u0085\u3000", "alice"},
		{"runs of spaces", "St  \u00a0 Peter", "St Peter"},
		{"32 characters", strings.Repeat("x", 32), strings.Repeat("x", 32)},
		{"32 characters of four bytes", strings.Repeat("🎉", 32), strings.Repeat("🎉", 32)},
		{"32 characters, decomposed", strings.Repeat("e\u0301", 32), strings.Repeat("é", 32)},
		{"emoji", "Zoë 🎉", "Zoë 🎉"},
		{"Cyrillic", "Иван Петров", "Иван Петров"},
		{"Greek", "Ωμέγα", "Ωμέγα"},
		{"Arabic", "محمد", "محمد"},
		{"Persian with a joiner where letters would join", "می\u200cخواهم", "می\u200cخواهم"},
		{"Sinhala with a joiner after a virama", "ශ්\u200dරී", "ශ්\u200dරී"},
		{"Hebrew", "שלום", "שלום"},
		{"Devanagari", "नमस्ते", "नमस्ते"},
		{"Thai", "สมชาย", "สมชาย"},
		{"Japanese", "山田 太郎", "山田 太郎"},
		{"Japanese in all its scripts", "Mr.山田ひらカタ", "Mr.山田ひらカタ"},
		{"Japanese with a long vowel mark", "ルーシー", "ルーシー"},
		{"Chinese with Bopomofo and Latin", "Li 李ㄌㄧ", "Li 李ㄌㄧ"},
		{"Korean with Han and Latin", "Kim 김金", "Kim 김金"},
		{"full-width Latin becomes plain", "ａｌｉｃｅ", "alice"},
		{"a ligature is resolved", "ﬁna", "fina"},
		{"Devanagari with its full stop", "राम।", "राम।"},
		{"Bengali with the same", "রাম।", "রাম।"},
		{"both kana with the long vowel mark", "らーメン", "らーメン"},
		{"Hiragana in corner brackets, with Latin", "「ら」Ray", "「ら」Ray"},
		{"Arabic with its comma", "علي، ب", "علي، ب"},
		{"Greek with a capital that looks like another letter in small", "Νίκος", "Νίκος"},
		{"Greek without accents", "Νικος", "Νικος"},
		{"Greek capitals that look like Latin ones", "ΑΝΝΑ", "ΑΝΝΑ"},
		{"more of them", "ΝΙΝΑ", "ΝΙΝΑ"},
		{"Greek with such a capital", "Νινα", "Νινα"},
		{"Hausa with a hooked capital", "Ƙarama Ɓala", "Ƙarama Ɓala"},
		{"Cyrillic that could be Latin", "оса", "оса"},
	} {
		t.Run(c.why, func(t *testing.T) {
			got, err := ParseName(c.in)
			if err != nil || got != c.want {
				t.Errorf("ParseName(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestParseNameRefuses(t *testing.T) {
	for _, c := range []struct{ why, in string }{
		{"empty", ""},
		{"only white space", " \t\u3000 "},
		{"33 characters", strings.Repeat("x", 33)},
		{"33 characters once enforced", strings.Repeat("ﬁ", 16) + "x"},
		{"far too long", strings.Repeat("é", 100_000)},
		{"colon", "a:b"},
		{"full-width colon", "a：b"},
		{"braces", "a{b"},
		{"closing brace", "a}b"},
		{"slash", "a/b"},
		{"a sign that holds a slash", "℀"},
		{"newline inside", "a\nb"},
		{"NUL", "a\x00b"},
		{"escape", "a\x1b[31m"},
		{"delete", "a\x7fb"},
		{"C1 control", "a\u009bb"},
		{"not UTF-8", "a\xffb"},
		{"half a surrogate", "a\xed\xa0\x80"},
		{"overlong", "a\xc0\xba"},
		{"replacement character", "a\ufffd"},
		{"right-to-left override", "a\u202eb"},
		{"right-to-left mark", "alice\u200f"},
		{"isolate", "a\u2066b"},
		{"zero-width space", "al\u200bice"},
		{"zero-width joiner in Latin", "al\u200dice"},
		{"zero-width non-joiner in Latin", "al\u200cice"},
		{"word joiner", "al\u2060ice"},
		{"byte order mark", "\ufeffalice"},
		{"soft hyphen", "al\u00adice"},
		{"variation selector", "alice\ufe0f"},
		{"tag character", "alice\U000e0061"},
		{"Hangul filler", "alice\u3164"},
		{"Braille blank", "alice\u2800"},
		{"combining grapheme joiner", "a\u034fb"},
		{"line separator", "a\u2028b"},
		{"private use", "a\ue000"},
		{"unassigned", "a\U000e1000"},
		{"a mark on nothing", "\u0301"},
		{"a mark on a space", "a \u0301"},
		{"a mark on its like", "x\u0301\u0301"},
		{"Cyrillic in Latin", "аlice"},
		{"Greek in Latin", "αlice"},
		{"Cyrillic in Greek", "Ωмега"},
		{"Armenian in Latin", "hօme"},
		{"Han with Cyrillic", "山Иван"},
		{"Hiragana with Hangul", "ひ김"},
		{"Bopomofo with Katakana", "ㄌカ"},
		{"five scripts", "aб山ひ김"},
		{"a full stop of Indian scripts in Latin", "a\u0964ice"},
		{"a long vowel mark of both kana in Latin and Hangul", "김ー"},
		{"a long vowel mark with Cyrillic", "Иванー"},
		{"a mark of Cyrillic alone on Latin", "a\u0487b"},
	} {
		t.Run(c.why, func(t *testing.T) {
			if got, err := ParseName(c.in); !errors.Is(err, ErrBadName) || got != "" {
				t.Errorf("ParseName(%q) = %q, %v; want ErrBadName", c.in, got, err)
			}
		})
	}
}

func TestPlainNamesCostNoMoreThanTheirForm(t *testing.T) {
	for name, most := range map[string]float64{" bob d. 42 ": 0, " Alice M. 1 ": 1} {
		if n := testing.AllocsPerRun(100, func() {
			name, err := ParseName(name)
			if err != nil || Fold(name) == "" {
				t.Error("refused")
			}
		}); n != most {
			t.Errorf("%q: %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { Forms(name) }); n > most+1 {
			t.Errorf("Forms(%q): %v allocations", name, n)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{
		"alice", " Zoë 🎉 ", "Иван Петров", "山田 太郎", "аlice", "a:b", "a\xff", "St  Peter", "ﬁ", "℀", "¨x", "İ", "ẞ",
		"ΟΔΟΣ", "ali\u0307ce", "a\u01c0ice", "a\u0964ice", "ΤΟΝΥ", "ȷ\u0307", "ශ්\u200dරී", "می\u200cخواهم", "㎒", "\u1e9b\u0323", "\u0345a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if once := Fold(s); Fold(once) != once && utf8.ValidString(s) {
			t.Errorf("Fold(%q) = %q folds on to %q", s, once, Fold(once))
		}
		name, err := ParseName(s)
		if err != nil {
			if !errors.Is(err, ErrBadName) {
				t.Errorf("ParseName(%q): %v", s, err)
			}
			return
		}
		if n := utf8.RuneCountInString(name); n < 1 || n > maxNameRunes || strings.ContainsAny(name, nameSeparators) {
			t.Errorf("ParseName(%q) = %q", s, name)
		}
		if again, err := ParseName(name); err != nil || again != name {
			t.Errorf("ParseName(%q) = %q, which parses to %q, %v", s, name, again, err)
		}
		if _, err := precis.Nickname.String(name); err != nil {
			t.Errorf("ParseName(%q) = %q, which the profile refuses: %v", s, name, err)
		}
		form := Fold(name)
		for _, same := range []string{norm.NFD.String(name), norm.NFC.String(name), withoutJoiners.Replace(name)} {
			if Fold(same) != form {
				t.Errorf("Fold(%q) = %q, but %q of %q", name, form, Fold(same), same)
			}
		}
		if key, err := precis.Nickname.CompareKey(name); err == nil && Fold(key) != form {
			t.Errorf("Fold(%q) = %q, but %q of the profile's %q", name, form, Fold(key), key)
		}
		if forms := Forms(name); forms[0] != form || len(forms) > 2 || len(forms) == 2 && forms[1] == form {
			t.Errorf("Forms(%q) = %q", name, forms)
		}
	})
}

var withoutJoiners = strings.NewReplacer("\u200c", "", "\u200d", "")

// TestNamesOfRoomsCompareByTheProfile: what compares equal is one room, and a room's name may be longer.
func TestNamesOfRoomsCompareByTheProfile(t *testing.T) {
	for _, c := range []struct{ name, key string }{
		{"General", "general"},
		{"  Two  Words ", "two words"},
		{"ＡＢＣ", "abc"},
		{"ÄRGER", "ärger"},
		{"modem", "modem"}, // which looks like modern, and is another
		{strings.Repeat("r", maxRoomRunes), strings.Repeat("r", maxRoomRunes)},
	} {
		name, err := ParseRoom(c.name)
		if err != nil {
			t.Errorf("%q: %v", c.name, err)
		} else if got := RoomKey(name); got != c.key || RoomKey(got) != got {
			t.Errorf("%q has the key %q, and that %q, not %q", c.name, got, RoomKey(got), c.key)
		}
	}
	for _, bad := range []string{"", " ", "a:b", "{a}", "a/b", "a\x00b", strings.Repeat("r", maxRoomRunes+1), "p\u0430ypal"} {
		if name, err := ParseRoom(bad); err == nil {
			t.Errorf("%q is the room %q", bad, name)
		}
	}
}
