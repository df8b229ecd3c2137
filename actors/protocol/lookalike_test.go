package protocol

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// confused reports whether two names belong to one claim.
func confused(a, b string) bool {
	forms := Forms(b)
	return slices.ContainsFunc(Forms(a), func(form string) bool { return slices.Contains(forms, form) })
}

func TestNamesThatLookOrCompareAlikeAreConfused(t *testing.T) {
	for name, others := range map[string][]string{
		"alice":    {"aIice", "a1ice", "a|ice", "ALICE", "Alice", "ali\u0307ce", "a\u01c0ice", "a\u2223ice", "\u0251lice", "al\u0131ce", "al\u0269ce", "\u0430\u04cf\u0456\u0441\u0435", "\u0410\u04c0\u0456\u0441\u0435"},
		"ALICE":    {"AL1CE", "\u0410L\u0406\u0421\u0415", "alice"},
		"Ian":      {"lan", "IAN", "ian", "1an", "ıan"},
		"MarIa":    {"Maria", "Marla", "Mar1a"},
		"Bob":      {"B0b", "B0B", "Bᴏb", "ВОВ", "ЬоЬ", "ΒΟΒ"},
		"Mary":     {"rnary", "MARY", "Rnary"},
		"ΤΟΝΥ":     {"Tony", "T0NY", "TONY", "τονυ"},
		"Bill":     {"Bi11", "BiII", "bıll"},
		"admin":    {"Admin", "adm\u0131n", "adrnin", "ADMIN", "adm\u0269n"},
		"Everyone": {"everyone", "Every0ne", "every\u1d0fne"},
		"user1":    {"userl", "userI", "USER1", "USERl"},
		"jack":     {"ȷ\u0307ack", "j\u0307ack", "ȷack", "Jack", "J\u0307ack", "յack"},
		"İnci":     {"inci", "Inci", "ı\u0307nci"},
		"ace":      {"асе", "АСЕ"},
		"Anna":     {"ΑΝΝΑ", "ANNA"},
		"АННА":     {"Анна", "AHHA"},
		"Zoë":      {"ZOË", "zoe\u0308"},
		"Đuro":     {"Ðuro", "đuro"},
		"O'Brien":  {"O’Brien", "OʼBrien", "O`Brien"},
		"ИВАН":     {"иван"},
		"ΝΊΚΟΣ":    {"νίκοσ"},
		"علي":      {"على"},
		"一郎":       {"ー郎"},
		"へいわ":      {"ヘいわ"},

		"a\u0302\u0323b":  {"a\u0323\u0302b"},
		"می\u200cخواهم":   {"میخواهم"},
		"\u0300\u0301abc": {"\u0301\u0300abc"},
	} {
		for _, other := range others {
			if !confused(name, other) {
				t.Errorf("%q has the forms %q, %q %q", name, Forms(name), other, Forms(other))
			}
		}
	}
}

func TestNamesThatNeitherLookNorCompareAlikeAreNot(t *testing.T) {
	for _, c := range [][2]string{
		{"Maria", "Marla"}, {"Mila", "Miia"}, {"Bill", "Biil"}, {"ian", "lan"}, {"alice", "aiice"}, {"alice", "al1ce"}, {"Paul", "Paui"}, {"Mia", "MLA"},
		{"ann", "arn"}, {"user1", "user2"}, {"user1", "useri"}, {"Zoe", "Zoë"}, {"Straub", "Strauß"}, {"Tony", "τονυ"}, {"Rob", "Роб"}, {"io", "סו"},
	} {
		if confused(c[0], c[1]) {
			t.Errorf("%q has the forms %q, %q %q", c[0], Forms(c[0]), c[1], Forms(c[1]))
		}
	}
}

func TestNamesOfDifferentPeopleHaveNoFormInCommon(t *testing.T) {
	names := strings.Fields(`
		ann arn anna ava eva ena ian lan Ivan Iris Ina Lina lars mars marc mario Maria Marla mark max mia Mila Miia nia nina niva viva noah joan john jon
		Bill Biil Paul Will Wiil jean juan olga otto rob bob dob tom tim tony toby ruth yuri zoe zoë rosa sara tara vera sean shawn dean leo theo
		straub strauß weib weiß müller muller moller hans jens jörg jorg garcía garcia łukasz tukasz søren soren chloé chloe
		user0 user2 user3 user4 user5 user6 user7 user8 user9 user1 user12 user21 a b c d e f g h i j k l m n o p q r s t u v w x y z
		иван АННА мария вера алексей наташа ольга олег игорь яна юлия дима даша саша маша паша
		Νίκος Γιώργος Ελένη Άννα Αλέξανδρος Μαρία Κώστας Νίνα Σοφία Δημήτρης ΑΘΗΝΑ ΕΙΡΗΝΗ
		محمد أحمد علي فاطمة عمر زينب חיים שרה דוד משה יעקב רחל
		राम सीता अंजलि रवि प्रिया रोहन 山田太郎 山田花子 鈴木一郎 李娜 王伟 王芳 張偉 さくら はると 김민수 김민지 이영희 박지훈
		สมชาย สมหญิง Նարե Հայկ გიორგი ნინო`)
	of := map[string]string{}
	for _, name := range names {
		parsed, err := ParseName(name)
		if err != nil || norm.NFC.String(parsed) != norm.NFC.String(name) {
			t.Errorf("ParseName(%q) = %q, %v", name, parsed, err)
		}
		for _, form := range Forms(name) {
			if other, ok := of[form]; ok {
				t.Errorf("%s and %s have the form %q", name, other, form)
			}
			of[form] = name
		}
	}
}

// TestSecondGlanceSeesAllThereIs of whatever looks like something else, or has a small letter.
func TestSecondGlanceSeesAllThereIs(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if _, ok := prototypeOf(r); !ok && unicode.ToLower(r) == r {
			continue
		}
		for _, s := range []string{string(r), "i" + string(r), string(r) + string(dotAbove)} {
			seen := string(glance(glance(decompose(s))))
			if more := string(glance(decompose(seen))); more != seen {
				t.Errorf("%q (%U) looks like %q, and that like %q", s, r, seen, more)
			}
		}
	}
}

// TestFormOfASCIIIsThatOfOtherNames, but quicker.
func TestFormOfASCIIIsThatOfOtherNames(t *testing.T) {
	for r := rune(0); r <= unicode.MaxASCII; r++ {
		s := "x" + string(r) + "y" + string(r)
		if long := Fold(s + "é"); Fold(s)+"e\u0301" != long {
			t.Errorf("Fold(%q) = %q, not as in %q", s, Fold(s), long)
		}
		if long := look(s + "é"); look(s)+"e\u0301" != long {
			t.Errorf("look(%q) = %q, not as in %q", s, look(s), long)
		}
	}
}

// TestNamesOfOneSkeletonAreConfused spells names in other characters of the same look.
func TestNamesOfOneSkeletonAreConfused(t *testing.T) {
	looks := map[string][]string{} // all that looks like a prototype
	var pieces []string
	for _, p := range prototypes {
		to, _ := prototypeOf(p.from)
		if looks[to] == nil {
			looks[to] = []string{to}
			pieces = append(pieces, to)
		}
		looks[to] = append(looks[to], string(p.from))
	}
	rapid.Check(t, func(t *rapid.T) {
		var a, b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			like := looks[rapid.SampledFrom(pieces).Draw(t, "look")]
			a.WriteString(rapid.SampledFrom(like).Draw(t, "a"))
			b.WriteString(rapid.SampledFrom(like).Draw(t, "b"))
		}
		if !confused(a.String(), b.String()) {
			t.Errorf("%q and %q look alike, but have the forms %q and %q", a.String(), b.String(), Forms(a.String()), Forms(b.String()))
		}
		for _, form := range Forms(a.String()) {
			if !confused(form, a.String()) {
				t.Errorf("%q is not confused with its form %q, which has %q", a.String(), form, Forms(form))
			}
		}
	})
}

func TestFormsFollowTheProfileAndNormalisation(t *testing.T) {
	anyNames := rapid.OneOf(
		rapid.StringN(1, maxNameRunes, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Latin, unicode.Mn), 1, maxNameRunes, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Greek, unicode.Mn), 1, maxNameRunes, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Hebrew, unicode.Arabic), 1, maxNameRunes, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := anyNames.Draw(t, "name")
		forms := Forms(s)
		if forms[0] != Fold(s) || len(forms) > 2 || len(forms) == 2 && forms[1] == forms[0] {
			t.Errorf("Forms(%q) = %q", s, forms)
		}
		for _, form := range forms {
			if again := Forms(form); len(again) != 1 || again[0] != form {
				t.Errorf("%q, a form of %q, has the forms %q", form, s, again)
			}
		}
		if d := Forms(norm.NFD.String(s)); !slices.Equal(d, forms) {
			t.Errorf("Forms(%q) = %q, decomposed %q", s, forms, d)
		}
		name, err := ParseName(s)
		if err != nil {
			return
		}
		key, err := precis.Nickname.CompareKey(name)
		if err == nil && Fold(key) != Fold(name) {
			t.Errorf("%q compares as %q: forms %q and %q", name, key, Fold(name), Fold(key))
		}
	})
}

func TestEveryCharacterHasTheFormOfItsSmallLetter(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if !unicode.IsGraphic(r) || unicode.In(r, unicode.Han, unicode.Hangul) { // which are many, and have no case
			continue
		}
		name, err := precis.Nickname.String(string(r))
		if err != nil {
			continue
		}
		key, err := precis.Nickname.CompareKey(name)
		if err == nil && Fold(key) != Fold(name) {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q", name, Fold(name), key, Fold(key))
		}
	}
}

// TestCallersMayChangeTheirForms, as those do that make keys of them.
func TestCallersMayChangeTheirForms(t *testing.T) {
	for _, name := range []string{"alice", "Ian"} {
		want := slices.Clone(Forms(name))
		Forms(name)[0] = "another"
		if got := Forms(name); !slices.Equal(got, want) {
			t.Errorf("Forms(%q) = %q, was %q", name, got, want)
		}
	}
}

func TestReservedNamesHaveAllThatIsConfusedWithThem(t *testing.T) {
	reserved, err := NewReservedNames([]string{"Parley", "Ian", " ", "ΤΟΝΥ"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"Parley": true, "PARLEY": true, "Par1ey": true, "ParIey": true, "ian": true, "Ian": true, "lan": true, "tony": true, "τονυ": true,
		"barley": false, "Pariey": false, "Iain": false, "toni": false, "": false,
	} {
		if got := reserved.Have(name); got != want {
			t.Errorf("%q is reserved: %v", name, got)
		}
	}
	if _, err := NewReservedNames([]string{"a:b"}); err == nil {
		t.Error("a reserved name that can't be one is taken")
	}
}

// TestOnlyJoinersAreIgnorable holds Fold's word for what UTS #39 §4 takes out of a skeleton.
func TestOnlyJoinersAreIgnorable(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf) || r == '\u200c' || r == '\u200d' {
			continue
		}
		if name, err := ParseName("ab" + string(r) + "cd"); err == nil {
			t.Errorf("%U is taken: %q", r, name)
		}
	}
}

// TestTablesAreOfTheVersionThatNamesAreEnforcedBy fails where a new Go brings a new Unicode: then
// generate the tables anew, as internal/gen says.
func TestTablesAreOfTheVersionThatNamesAreEnforcedBy(t *testing.T) {
	for what, version := range map[string]string{"unicode": unicode.Version, "norm": norm.Version, "precis": precis.UnicodeVersion} {
		if version != tablesVersion {
			t.Errorf("the tables are of Unicode %s, %s is of %s", tablesVersion, what, version)
		}
	}
}
