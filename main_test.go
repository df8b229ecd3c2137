package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The whole server is tested in drill/e2e, as a process; here is what belongs to main
// alone.

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The actor library has no way to end these two.
		goleak.IgnoreTopFunction("github.com/asynkron/protoactor-go/actor.NewThrottle.func1"),
		goleak.IgnoreAnyFunction("github.com/asynkron/protoactor-go/actor.NewThrottleWithLogger.func1"),
		goleak.IgnoreTopFunction("github.com/asynkron/protoactor-go/actor.startThrottle"),
	)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestServerStartsIsHealthyAndLeavesNothingBehind also is why TestMain looks for
// goroutines.
func TestServerStartsIsHealthyAndLeavesNothingBehind(t *testing.T) {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	log, to := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, nil, environment([]string{"LISTEN_ADDR=127.0.0.1:0", "ADMIN_ADDR=off", "LOG_FORMAT=json"}), to)
		_ = to.Close()
	}()
	lines := bufio.NewScanner(log)
	var greeting struct{ URL string }
	for greeting.URL == "" && lines.Scan() {
		must(t, json.Unmarshal(lines.Bytes(), &greeting))
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
	env := environment([]string{"LISTEN_ADDR=" + strings.TrimPrefix(greeting.URL, "http://")})
	must(t, run(context.Background(), []string{"healthcheck"}, env, io.Discard))
	end()
	select {
	case err := <-ended:
		must(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
	}
	if run(context.Background(), []string{"healthcheck"}, env, io.Discard) == nil {
		t.Error("a dead server is found healthy")
	}
}

// TestPanicOfServingIsItsError with the stack of where it happened.
func TestPanicOfServingIsItsError(t *testing.T) {
	err := contain("serve", func() error { panic("no way") })
	if text := fmt.Sprint(err); !strings.HasPrefix(text, "serve: panic: no way\n") || !strings.Contains(text, "TestPanicOfServing") {
		t.Errorf("the error is %v", err)
	}
	if err := contain("serve", func() error { return io.EOF }); !errors.Is(err, io.EOF) {
		t.Errorf("an error became %v", err)
	}
}

func pageText(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
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

func TestDocsListEveryMetric(t *testing.T) {
	t.Parallel()
	dashboard, err := os.ReadFile("transport/grafana.json") // which another test holds complete
	must(t, err)
	var want, got []string
	for _, name := range regexp.MustCompile(`parley_[a-z_]+`).FindAllString(string(dashboard), -1) {
		want = append(want, code(strings.TrimSuffix(name, "_bucket")))
	}
	for _, row := range rows(t, pageText(t, "docs/operations.md"), "metric", "meaning") {
		got = append(got, row[0])
	}
	slices.Sort(want)
	slices.Sort(got)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("the table has\n%q, not\n%q", got, want)
	}
}

func TestDocsNameTestsAndFilesThatThereAre(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
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
	pages, err := filepath.Glob("docs/*.md")
	must(t, err)
	more, err := filepath.Glob("*.md")
	must(t, err)
	for _, page := range append(pages, more...) {
		text := pageText(t, page)
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)").FindAllStringSubmatch(text, -1) {
			if !there[m[1]] {
				t.Errorf("%s: there is no %s", page, m[1])
			}
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]+))?\)`).FindAllStringSubmatch(text, -1) {
			to := filepath.Join(filepath.Dir(page), m[1])
			if m[1] == "" {
				to = page
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: a link leads nowhere: %v", page, err)
				continue
			}
			title := strings.ReplaceAll(m[2], "-", ",? ")
			if m[2] != "" && !regexp.MustCompile(`(?mi)^#+ `+title+`$`).MatchString(pageText(t, to)) {
				t.Errorf("%s: there is no heading for #%s in %s", page, m[2], to)
			}
		}
	}
}
