package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"parley/drill/check"
	"parley/drill/check/linear"
)

// totals are what many runs did.
type totals struct {
	Runs, Failed int
	Steps        int
	Virtual      time.Duration
	Took         time.Duration
	Counts       map[string]int
	Verdicts     []verdict
	Second       linear.Result
}

type verdict struct{ Checked, Failed, Excused int }

func newTotals() *totals {
	return &totals{Counts: map[string]int{}, Verdicts: make([]verdict, len(check.Titles))}
}

func (t *totals) add(res *Result) {
	t.Runs++
	if len(res.Failures) > 0 {
		t.Failed++
	}
	t.Steps += res.Steps
	t.Virtual += res.Virtual
	for what, n := range res.Counts {
		t.Counts[what] += n
	}
	for i, v := range res.Report.Verdicts {
		t.Verdicts[i].Checked += v.Checked
		t.Verdicts[i].Failed += v.Failed
		t.Verdicts[i].Excused += v.Excused
	}
	t.heed(res.Second)
}

// heed adds what the second judge says.
func (t *totals) heed(r *linear.Result) {
	t.Second.Logs += r.Logs
	t.Second.Operations += r.Operations
	t.Second.Left += r.Left
	t.Second.Unknown += r.Unknown
	t.Second.Failed += r.Failed
}

func (t *totals) join(o *totals) {
	t.Runs += o.Runs
	t.Failed += o.Failed
	t.Steps += o.Steps
	t.Virtual += o.Virtual
	for what, n := range o.Counts {
		t.Counts[what] += n
	}
	for i, v := range o.Verdicts {
		t.Verdicts[i].Checked += v.Checked
		t.Verdicts[i].Failed += v.Failed
		t.Verdicts[i].Excused += v.Excused
	}
	t.heed(&o.Second)
}

func (t *totals) write(test *testing.T, path string) {
	test.Helper()
	text, err := json.Marshal(t)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		test.Fatal(err)
	}
}

// stride lies between two seeds of a process: those in between are its siblings'.
func stride() uint64 {
	if n, err := strconv.ParseUint(os.Getenv(strideEnv), 10, 64); err == nil {
		return n
	}
	return 1
}

const strideEnv = "PARLEY_SIM_STRIDE"

// shareOut has other processes do the runs: what crypto/rand gives is one for all of a process.
func (t *totals) shareOut(test *testing.T, n int) {
	test.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		all.Go(func() {
			path := filepath.Join(test.TempDir(), itoa(uint64(i)))
			cmd := exec.CommandContext(test.Context(), os.Args[0], append(os.Args[1:], "-test.timeout=0", "-sim.procs=1",
				"-sim.seed="+itoa(*seed+uint64(i)), "-sim.totals="+path)...)
			cmd.Env = append(os.Environ(), strideEnv+"="+itoa(uint64(n)), "GOMAXPROCS=1")
			out, err := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				test.Errorf("%v\n%s", err, out)
			}
			part := newTotals()
			if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, part) != nil {
				test.Errorf("no totals of process %d: %v", i, err)
			}
			t.join(part)
		})
	}
	all.Wait()
}

// print tells it as a table, which is Markdown.
func (t *totals) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d runs, %d failed: %v of virtual time in %v, %d steps\n\n| what was done | times |\n| - | -: |\n",
		t.Runs, t.Failed, t.Virtual.Round(time.Second), t.Took.Round(time.Second), t.Steps)
	for _, what := range slices.Sorted(maps.Keys(t.Counts)) {
		fmt.Fprintf(w, "| %s | %d |\n", what, t.Counts[what])
	}
	fmt.Fprintf(w, "\n| promise | checked | failed | excused |\n| - | -: | -: | -: |\n")
	for i, v := range t.Verdicts[1:] {
		fmt.Fprintf(w, "| %d %s | %d | %d | %d |\n", i+1, check.Titles[i+1], v.Checked, v.Failed, v.Excused)
	}
	fmt.Fprintf(w, "\n%d logs with %d operations have an order that explains all, but for %d; %d were not judged for Redis had lost data, %d parts for it took too long\n",
		t.Second.Logs, t.Second.Operations, t.Second.Failed, t.Second.Left, t.Second.Unknown)
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }
