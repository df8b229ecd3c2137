package actors

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestNamesThatLookOrCompareAlikeHaveOneForm(t *testing.T) {
	for _, group := range [][]string{
		{ // in Latin, with signs, in small capitals, and all in Cyrillic
			"alice", "Alice", "ALICE", "aIice", "AIICE", "alIce", "a1ice", "al1ce", "a|ice", "ali\u0307ce", "a\u01c0ice", "\u0251lice",
			"al\u0131ce", "a\u2223ice", "al\u0269ce", "\u1d00\u029f\u026a\u1d04\u1d07", "\u0430\u04cf\u0456\u0441\u0435", "\u0410\u0406\u0406\u0421\u0415",
		},
		{"bob", "Bob", "B0B", "b0b", "ВОВ", "ЬоЬ", "ΒΟΒ"},
		{"Bill", "Bi11", "BiII", "biil", "B1ll", "bıll"},
		{"Maria", "Marla", "MarIa"}, // the price: who is called Marla looks like MarIa
		{"Paul", "Paui", "PauI", "Pau1"},
		{"Mary", "rnary", "MARY", "\u1d0dary"},
		{"admin", "Admin", "adm\u0131n", "adrnin", "ADM1N", "adm\u0269n"},
		{"Everyone", "everyone", "Every0ne", "every\u1d0fne"},
		{"user1", "userl", "userI", "USERl"},
		{"jack", "ȷ\u0307ack", "j\u0307ack", "Jack"},
		{"İnci", "inci", "Inci", "ı\u0307nci"},
		{"ace", "асе"},
		{"Zoë", "ZOË", "zoe\u0308"},
		{"Đuro", "Ðuro", "đuro"},
		{"O'Brien", "O’Brien", "OʼBrien"},
		{"a\u0302\u0323b", "a\u0323\u0302b"},
		{"ИВАН", "иван"},
		{"Νίκος", "ΝΊΚΟΣ", "νίκοσ"},
		{"می\u200cخواهم", "میخواهم"},
		{"علي", "على"},
		{"一郎", "ー郎"},
		{"へいわ", "ヘいわ"},
	} {
		for _, name := range group {
			if Fold(name) != Fold(group[0]) {
				t.Errorf("Fold(%q) = %q, Fold(%q) = %q", name, Fold(name), group[0], Fold(group[0]))
			}
		}
	}
}

func TestNamesOfDifferentPeopleHaveDifferentForms(t *testing.T) {
	names := strings.Fields(`
		ann arn anna ava eva ena ian ivan iris lars mars marc mario maria mark max mia nia nina niva viva noah joan john jon
		jean juan olga otto rob bob dob tom tim tony toby ruth yuri zoe zoë rosa sara tara vera sean shawn dean leo theo
		straub strauß weib weiß müller muller moller hans jens jörg jorg garcía garcia łukasz tukasz søren soren chloé chloe
		user0 user2 user3 user4 user5 user6 user7 user8 user9 user1 user12 user21 a b c d e f g h i j k m n o p q r s t u v w x y z
		иван анна мария вера алексей наташа ольга олег игорь нина яна юлия дима даша саша маша паша
		Νίκος Γιώργος Ελένη Άννα Αλέξανδρος Μαρία Κώστας Νίνα Σοφία Δημήτρης
		محمد أحمد علي فاطمة عمر زينب חיים שרה דוד משה יעקב רחל
		राम सीता अंजलि रवि प्रिया रोहन 山田太郎 山田花子 鈴木一郎 李娜 王伟 王芳 張偉 さくら はると 김민수 김민지 이영희 박지훈
		สมชาย สมหญิง Նարե Հայկ გიორგი ნინო`)
	seen := map[string]string{}
	for _, name := range names {
		parsed, err := ParseName(name)
		if err != nil || norm.NFC.String(parsed) != norm.NFC.String(name) {
			t.Errorf("ParseName(%q) = %q, %v", name, parsed, err)
		}
		if other, ok := seen[Fold(name)]; ok {
			t.Errorf("%s and %s have the form %q", name, other, Fold(name))
		}
		seen[Fold(name)] = name
	}
}

// TestNoTwoASCIICharactersAreOneButThoseOfTheTable is why chains of look-alikes are cut.
func TestNoTwoASCIICharactersAreOneButThoseOfTheTable(t *testing.T) {
	classes := map[string]string{}
	for r := '!'; r <= '~'; r++ {
		if r < 'A' || r > 'Z' {
			classes[Fold(string(r))] += string(r)
		}
	}
	for form, class := range classes {
		if len(class) > 1 && !slices.Contains([]string{"1il|", "0o", "'`"}, class) {
			t.Errorf("%s have the form %q", class, form)
		}
	}
}

// TestWhoeverReadsAsANameHasItsFormOrIsRefused spells names of ASCII in other characters.
func TestWhoeverReadsAsANameHasItsFormOrIsRefused(t *testing.T) {
	faces := map[string][]string{} // what reads as a piece of ASCII
	var pieces []string
	for _, m := range looks {
		piece := looksText[m.at : int(m.at)+int(m.length)]
		if faces[piece] == nil {
			pieces = append(pieces, piece)
		}
		faces[piece] = append(faces[piece], string(m.from))
	}
	rapid.Check(t, func(t *rapid.T) {
		var name, face strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			piece := rapid.SampledFrom(pieces).Draw(t, "piece")
			name.WriteString(piece)
			face.WriteString(rapid.SampledFrom(append(faces[piece], piece)).Draw(t, "as"))
		}
		imitated, err := ParseName(name.String())
		if err != nil {
			return
		}
		if taken, err := ParseName(face.String()); err == nil && Fold(taken) != Fold(imitated) {
			t.Errorf("%q reads as %q, but has the form %q, not %q", taken, imitated, Fold(taken), Fold(imitated))
		}
	})
}

func TestFormsFollowTheProfileAndNormalisation(t *testing.T) {
	var anyNames = rapid.OneOf(
		rapid.StringN(1, maxNameRunes, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Latin, unicode.Mn), 1, maxNameRunes, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Greek, unicode.Mn), 1, maxNameRunes, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Hebrew, unicode.Arabic), 1, maxNameRunes, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := anyNames.Draw(t, "name")
		form := Fold(s)
		if again := Fold(form); again != form {
			t.Errorf("Fold(%q) = %q folds on to %q", s, form, again)
		}
		if d := Fold(norm.NFD.String(s)); d != form {
			t.Errorf("Fold(%q) = %q, decomposed %q", s, form, d)
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
