package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
)

func readme(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("README.md")
	must(t, err)
	return string(content)
}

// rows are the cells of the Markdown table whose head is the one given.
func rows(t *testing.T, text string, head ...string) (rows [][]string) {
	t.Helper()
	_, table, found := strings.Cut(text, "\n| "+strings.Join(head, " | ")+" |\n")
	if !found {
		t.Fatalf("there is no table of %v", head)
	}
	for line := range strings.Lines(table) {
		line, isRow := strings.CutPrefix(strings.TrimSpace(line), "|")
		if !isRow {
			break
		}
		cells := strings.Split(strings.TrimSuffix(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows[1:] // without the rule below the head
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func TestReadmeListsEverySettingWithItsDefaultAndMeaning(t *testing.T) {
	t.Parallel()
	params, err := env.GetFieldParams(&settings{})
	must(t, err)
	var want [][]string
	for _, p := range params {
		want = append(want, []string{code(p.Key), code(p.DefaultValue), meanings[p.Key]})
	}
	got := rows(t, readme(t), "setting", "default", "meaning")
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			t.Errorf("the table lacks the row %q", want[i])
		case i >= len(want):
			t.Errorf("the table has a row of no setting: %q", got[i])
		case !slices.Equal(got[i], want[i]):
			t.Errorf("row %d is %q, not %q", i+1, got[i], want[i])
		}
	}
}

func TestReadmeListsEveryMetric(t *testing.T) {
	t.Parallel()
	dashboard, err := os.ReadFile("transport/grafana.json") // which another test holds complete
	must(t, err)
	var want, got []string
	for _, name := range regexp.MustCompile(`parley_[a-z_]+`).FindAllString(string(dashboard), -1) {
		want = append(want, code(strings.TrimSuffix(name, "_bucket")))
	}
	for _, row := range rows(t, readme(t), "metric", "meaning") {
		got = append(got, row[0])
	}
	slices.Sort(want)
	slices.Sort(got)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("the table has\n%q, not\n%q", got, want)
	}
}

func TestReadmeNamesTestsAndFilesThatThereAre(t *testing.T) {
	t.Parallel()
	text := readme(t)
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	must(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(content, -1) {
			there[string(m[1])] = true
		}
		return err
	}))
	for _, m := range regexp.MustCompile("`(Test[A-Z]\\w+)").FindAllStringSubmatch(text, -1) {
		if !there[m[1]] {
			t.Errorf("there is no %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(text, -1) {
		title := strings.ReplaceAll(m[1], "-", ",? ")
		if !regexp.MustCompile(`(?mi)^#+ ` + title + `$`).MatchString(text) {
			t.Errorf("there is no heading for #%s", m[1])
		}
	}
}
