package sim

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

var (
	seed    = flag.Uint64("sim.seed", 1, "the first run's seed; each next one's is one more")
	runs    = flag.Int("sim.runs", 3, "how many runs")
	nodes   = flag.Int("sim.nodes", 3, "most nodes of a run")
	clients = flag.Int("sim.clients", 12, "most clients of a run")
	chaos   = flag.Duration("sim.chaos", time.Minute, "how long things break in a run, of virtual time")
	kills   = flag.Int("sim.kills", 1000, "actors killed in a run")
	traceTo = flag.String("sim.trace", "", "file for the trace of the last run")
)

func size() Size { return Size{Nodes: *nodes, Clients: *clients, Chaos: *chaos, Kills: *kills} }

// live does a run in a bubble of its own.
func live(t *testing.T, p Plan, out io.Writer) (res *Result) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, p.Seed)
	synctest.Test(t, func(*testing.T) {
		res = simulate(p, out)
	})
	return res
}

func TestPromisesHold(t *testing.T) {
	for i := range *runs {
		p := newPlan(*seed+uint64(i), size())
		began := time.Now()
		res := live(t, p, nil)
		fmt.Printf("seed %d: %d nodes, %d clients, keep %d, ring %d, %v virtual in %v, %d steps, sum %x, %v\n", p.Seed, p.Nodes, len(p.Clients), p.Keep, p.Ring,
			res.Virtual.Round(time.Second), time.Since(began).Round(time.Millisecond), res.Steps, res.Sum, res.Counts)
		for i, f := range res.Failures {
			if i == 10 {
				break
			}
			t.Errorf("seed %d: %s", p.Seed, f)
		}
	}
}

func TestTrace(t *testing.T) {
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
	res := live(t, newPlan(*seed, size()), out)
	t.Logf("%x", res.Sum)
}
