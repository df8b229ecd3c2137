package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryFaultCanBePlanted where it stands: whoever changes the lines that a fault is in hears of it here.
func TestEveryFaultCanBePlanted(t *testing.T) {
	faults, err := readFaults()
	if err != nil {
		t.Fatal(err)
	}
	module := tree{copy: filepath.Join("..", "..")}
	const least, leastOfKind = 60, 4
	named, of := map[string]bool{}, map[string]int{}
	for _, f := range faults {
		if named[f.name] {
			t.Errorf("two are called %s", f.name)
		}
		named[f.name] = true
		of[f.kind]++
		text, err := os.ReadFile(filepath.Join(module.copy, f.file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.plant(string(text)); err != nil {
			t.Error(err)
		}
		packages := module.packages(f)
		if len(packages) == 0 || !slices.Contains(parts, packages[len(packages)-1]) {
			t.Errorf("%s is in %s: its tests, of %v, are not among %v", f.name, f.file, packages, parts)
		}
	}
	if len(faults) < least {
		t.Errorf("there are %d faults", len(faults))
	}
	for kind, n := range of {
		if n < leastOfKind {
			t.Errorf("there are %d of kind %s", n, kind)
		}
	}
}

func TestFaultIsSoughtByThePackageThatItIsInAndThoseAroundIt(t *testing.T) {
	module := tree{copy: filepath.Join("..", "..")}
	for _, of := range []struct {
		files []string
		want  []string
	}{
		{[]string{"actors/session.go"}, []string{"actors"}},
		{[]string{"actors/engine/parent.go"}, []string{"actors/engine", "actors"}},
		{[]string{"actors/protocol/name.go"}, []string{"actors/protocol", "actors"}},
		{[]string{"redisbridge/scripts/append.lua"}, []string{"redisbridge"}},
		{[]string{"go.mod"}, nil},
		{
			[]string{"actors/session.go", "actors/engine/parent.go", "redisbridge/store.go", "actors/room.go"},
			[]string{"actors", "actors/engine", "redisbridge"},
		},
	} {
		var faults []fault
		for _, file := range of.files {
			faults = append(faults, fault{file: file})
		}
		if got := module.packages(faults...); !slices.Equal(got, of.want) {
			t.Errorf("faults in %v are sought by %v, not %v", of.files, got, of.want)
		}
	}
}

func TestFaultThatLacksSomethingIsNone(t *testing.T) {
	for _, text := range []string{
		"-old\n", "# a\n@ f\n-old\n+new\n", "# a\nbreaks it\n-old\n+new\n", "# a\nbreaks it\n@ f\n+new\n",
		"# a\nbreaks it\n@ f\n-old\n+old\n", "# a\nbreaks it\n@ f\n-old\nnew\n",
	} {
		if faults, err := parseFaults("kind", text); err == nil {
			t.Errorf("%q is %v", text, faults)
		}
	}
	faults, err := parseFaults("kind", "# a\nbreaks\nit\n\n@ dir/f\n-one\n-two\n+\n")
	if want := (fault{"a", "kind", "dir/f", "one\ntwo", "", "breaks it"}); err != nil || len(faults) != 1 || faults[0] != want {
		t.Errorf("read %+v, %v", faults, err)
	}
	if _, err := faults[0].plant("one\ntwo\none\ntwo"); err == nil {
		t.Error("a change is made in one of two places")
	}
}

func TestFirstFailureIsTheOneThatIsSaid(t *testing.T) {
	const run = "    sim_test.go:89: seed 7: 3 nodes, 9 clients, 1m40s virtual in 1.2s, 80000 steps, sum 00, map[]\n"
	for said, want := range map[string]string{
		run + "--- PASS: TestPromisesHold (20s)\nPASS\n":                                     "nothing",
		run + "    sim_test.go:95: seed 7: late: c3 (p2) waits for 2 answers · c3\n  more\n": "late: waits for answers",
		"log\n--- FAIL: TestThis (0.10s)\n--- FAIL: TestThat (0.10s)\n":                      "`TestThis`",
	} {
		var r result
		ended := false
		r.read(strings.NewReader(said), func() { ended = true })
		r.simulated = r.failure != ""
		if strings.TrimPrefix(r.by(), "simulation: ") != want || ended != (want != "nothing") {
			t.Errorf("%q is %s, ended %v", said, r.by(), ended)
		}
	}
}

func TestTooFewFoundIsAnError(t *testing.T) {
	results := make([]result, 20)
	for i := range results {
		results[i] = result{fault: fault{name: "a"}, test: "Test"}
	}
	results[0].test = ""
	var out strings.Builder
	if err := report(&out, results); err != nil || !strings.Contains(out.String(), "19 of 20 found (95 %)") {
		t.Errorf("%v: %s", err, out.String())
	}
	results[1].test = ""
	if report(&out, results) == nil {
		t.Error("18 of 20 are enough")
	}
	results[0], results[1] = results[2], result{err: os.ErrNotExist}
	if report(&out, results) == nil {
		t.Error("one that is not planted is well")
	}
}
