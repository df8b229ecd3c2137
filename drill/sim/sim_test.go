package sim

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

var (
	seed    = flag.Uint64("sim.seed", 1, "the first run's seed; each next one's is one more")
	runs    = flag.Int("sim.runs", 2, "how many runs, unless sim.for says how long")
	lasts   = flag.Duration("sim.for", 0, "how long to go on with new runs")
	procs   = flag.Int("sim.procs", 1, "processes that share the runs")
	nodes   = flag.Int("sim.nodes", 3, "most nodes of a run")
	clients = flag.Int("sim.clients", 12, "most clients of a run")
	chaos   = flag.Duration("sim.chaos", 15*time.Second, "how long things break in a run, of virtual time")
	kills   = flag.Int("sim.kills", 200, "actors killed in a run")
	plan    = flag.String("sim.plan", "", "file with a plan to run, in place of seeds")
	traceTo = flag.String("sim.trace", "", "file for the trace of the last run")
	smaller = flag.Duration("sim.shrink", 0, "how long to make a failing plan smaller; it is then written to testdata")
	totalTo = flag.String("sim.totals", "", "file for what was done, for the process that started this one")
)

func size() Size { return Size{Nodes: *nodes, Clients: *clients, Chaos: *chaos, Kills: *kills} }

// live does a run in a bubble of its own.
func live(t *testing.T, p Plan, out io.Writer) (res *Result) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, p.Seed)
	synctest.Test(t, func(*testing.T) { res = simulate(p, out) })
	res.judge()
	return res
}

// TestPromisesHold breaks everything, in every way, in run after run.
func TestPromisesHold(t *testing.T) {
	total := newTotals()
	began := time.Now()
	switch {
	case *procs > 1:
		total.shareOut(t, *procs)
	case *plan != "":
		total.add(judged(t, readPlan(t, *plan)))
	default:
		for i := 0; *lasts > 0 && time.Since(began) < *lasts || *lasts == 0 && i < *runs; i++ {
			total.add(judged(t, newPlan(*seed+uint64(i)*stride(), size())))
		}
	}
	total.Took = time.Since(began)
	if *totalTo != "" {
		total.write(t, *totalTo)
		return
	}
	total.print(os.Stdout)
}

// judged does a run, and says what failed.
func judged(t *testing.T, p Plan) *Result {
	t.Helper()
	var out io.Writer
	if *traceTo != "" {
		file, err := os.Create(*traceTo)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		buffer := bufio.NewWriter(file)
		defer buffer.Flush()
		out = buffer
	}
	began := time.Now()
	res := live(t, p, out)
	t.Logf("seed %d: %d nodes, %d clients, %v virtual in %v, %d steps, sum %016x, %v", p.Seed, p.Nodes, len(p.Clients),
		res.Virtual.Round(time.Second), time.Since(began).Round(time.Millisecond), res.Steps, res.Sum, res.Counts)
	if len(res.Failures) == 0 {
		return res
	}
	for _, f := range res.Failures[:min(shown, len(res.Failures))] {
		t.Errorf("seed %d: %s", p.Seed, f)
	}
	t.Logf("again: go test ./drill/sim -run TestPromisesHold -sim.seed %d -sim.runs 1 -sim.nodes %d -sim.clients %d -sim.chaos %v -sim.kills %d -v",
		p.Seed, *nodes, *clients, *chaos, *kills)
	if *smaller > 0 {
		how := kind(res.Failures)
		p = shrink(p, how, time.Now().Add(*smaller), func(p Plan) string { return kind(live(t, p, nil).Failures) })
		t.Logf("the same (%s) with %d faults and %d clients: %s", how, len(p.Faults), len(p.Clients), writePlan(t, p))
	}
	return res
}

// shown is how many failures of a run are told.
const shown = 10

func readPlan(t *testing.T, path string) (p Plan) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func writePlan(t *testing.T, p Plan) (path string) {
	t.Helper()
	text, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join("testdata", "seed-"+itoa(p.Seed)+".json")
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPlansThatOnceFailedHold: each was made small from a run that found a fault.
func TestPlansThatOnceFailedHold(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d plans: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { judged(t, readPlan(t, path)) })
	}
}

// TestOneSeedIsOneRun, byte for byte: in every step, and in what clients saw.
func TestOneSeedIsOneRun(t *testing.T) {
	for i := range uint64(4) {
		p := newPlan(*seed+1000+i, Size{Nodes: *nodes, Clients: *clients, Chaos: 10 * time.Second, Kills: 150})
		if i == 0 { // chance may have left it out
			p.Rivals, p.Flooders, p.MessageRate = maxRivals, p.Clients[:1], 1
		}
		first, second := live(t, p, nil), live(t, p, nil)
		if first.Steps != second.Steps || first.Sum != second.Sum {
			t.Errorf("seed %d: %d steps with the sum %x, then %d with %x", p.Seed, first.Steps, first.Sum, second.Steps, second.Sum)
		}
		a, errA := json.Marshal(first.History.Connections)
		b, errB := json.Marshal(second.History.Connections)
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("seed %d: the clients saw something else the second time (%v, %v)", p.Seed, errA, errB)
		}
	}
}
