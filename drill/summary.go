package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/drill/check"
	"parley/drill/check/linear"
)

// printer writes lines with the time since the start; faults and progress come from different goroutines.
type printer struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
}

func (p *printer) printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "%6.1f s  %s\n", time.Since(p.start).Seconds(), fmt.Sprintf(format, args...))
}

// progress tells how it goes.
func (d *drill) progress(in *injector) {
	events, conns := d.records.size()
	_, kills := in.done()
	d.out.printf("%d connections so far, %d events, %d actors killed, %d clients away or waiting",
		conns, events, len(kills), d.unsettled())
}

// summary is what is told at the end.
type summary struct {
	*drill
	injector *injector
	report   *check.Report
	second   *linear.Result
	history  *check.History
	idle     footprint // before any client came
	before   footprint // with all of them, before the first fault
	after    footprint
	late     []string
}

// failed says whether the drill exits with 1.
func (s *summary) failed() bool {
	return s.report.Failed() || s.second.Failed > 0 || len(s.late) > 0 || len(s.injector.errs) > 0 || len(s.unexplained()) > 0 || len(s.unwell()) > 0
}

func (s *summary) unexplained() []closing { return s.closes.unexplained(s.injector.kills) }

// shown is how many violations of each promise are printed.
const shown = 20

func (s *summary) print(w io.Writer) {
	fmt.Fprintf(w, "\nseed %d, %d clients, %v\n\n", s.seed, s.options.clients, s.duration)
	s.printFaults(w)
	s.printPromises(w)
	s.printMeasures(w)
	for _, v := range s.report.Verdicts {
		for _, x := range v.Violations[:min(shown, len(v.Violations))] {
			fmt.Fprintln(w, "violation:", x)
		}
		if rest := v.Failed - shown; rest > 0 {
			fmt.Fprintf(w, "violation: … and %d more of that promise\n", rest)
		}
	}
	for _, x := range s.second.Violations[:min(shown, len(s.second.Violations))] {
		fmt.Fprintln(w, "no log explains:", x)
	}
	for _, x := range s.unexplained() {
		fmt.Fprintln(w, "closed:", x)
	}
	for _, x := range s.unwell() {
		fmt.Fprintln(w, "unwell:", x)
	}
	for _, x := range s.late {
		fmt.Fprintln(w, "late:", x)
	}
	for _, err := range s.injector.errs {
		fmt.Fprintln(w, "error:", err)
	}
}

func (s *summary) printFaults(w io.Writer) {
	rows := [][]string{{"injected", "times"}}
	rows = append(rows, counted(s.injector.counts)...)
	if len(rows) == 1 {
		rows = append(rows, []string{"nothing", "0"})
	}
	printTable(w, rows)
	if did := counted(s.did); len(did) > 0 {
		printTable(w, append([][]string{{"clients", "times"}}, did...))
	}
}

func counted(t *tally) (rows [][]string) {
	counts := t.counts()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		rows = append(rows, []string{name, fmt.Sprint(counts[name])})
	}
	return rows
}

func (s *summary) printPromises(w io.Writer) {
	rows := [][]string{{"promise", "checked", "failed", "excused"}}
	for n, v := range s.report.Verdicts {
		if n > 0 {
			rows = append(rows, []string{fmt.Sprintf("%d %s", n, check.Titles[n]), fmt.Sprint(v.Checked), fmt.Sprint(v.Failed), fmt.Sprint(v.Excused)})
		}
	}
	printTable(w, rows)
	fmt.Fprintf(w, "presence was judged in %.0f %% of the time of all connections\n\n", 100*s.report.JudgedShare())
	printTable(w, [][]string{
		{"second judge: an order that explains all", "times"},
		{"logs", fmt.Sprint(s.second.Logs)},
		{"operations on them", fmt.Sprint(s.second.Operations)},
		{"not judged, for Redis had lost data", fmt.Sprint(s.second.Left)},
		{"parts unknown, for it took too long", fmt.Sprint(s.second.Unknown)},
		{"failed", fmt.Sprint(s.second.Failed)},
	})
}

// slowestShown is how many of the longest recoveries are named.
const slowestShown = 5

func (s *summary) printMeasures(w io.Writer) {
	all, never := s.recoveries()
	slices.SortFunc(all, func(a, b recovery) int { return cmp.Compare(b.took, a.took) })
	rows := [][]string{{"measured", "value"}}
	if len(all) > 0 {
		rows = append(rows,
			[]string{"served again after a kill, p50", percentile(all, 50).String()},
			[]string{"served again after a kill, p99", percentile(all, 99).String()})
		for _, r := range all[:min(slowestShown, len(all))] {
			rows = append(rows, []string{"among the slowest: " + r.what, r.took.Round(time.Millisecond).String()})
		}
	}
	rows = append(rows,
		[]string{"kills measured / never served again", fmt.Sprintf("%d / %d", len(all), len(never))},
		[]string{"goroutines of all nodes, idle → after", fmt.Sprintf("%d → %d", s.idle.goroutines, s.after.goroutines)},
		[]string{"memory in use on all nodes, before → after", fmt.Sprintf("%d → %d MiB", s.before.heap>>20, s.after.heap>>20)},
		[]string{"memory (RSS) of all nodes, before → after", fmt.Sprintf("%d → %d MiB", s.before.rss>>10, s.after.rss>>10)},
		[]string{"sockets closed by killing actors", fmt.Sprint(len(s.unexplained()))},
		[]string{"connections made", fmt.Sprint(len(s.history.Connections))},
		[]string{"messages in the public log", fmt.Sprint(len(s.history.Logs.Public))},
		[]string{"messages in rooms", fmt.Sprint(s.inRooms())})
	printTable(w, rows)
}

// inRooms counts the messages in all rooms.
func (s *summary) inRooms() (n int) {
	for _, room := range s.history.Logs.Rooms {
		n += len(room.Entries)
	}
	return n
}

// percentile of what is sorted, the slowest first.
func percentile(sorted []recovery, p int) time.Duration {
	return sorted[len(sorted)-1-(len(sorted)-1)*p/100].took.Round(time.Microsecond * 100)
}

// printTable prints Markdown that is a table in plain text too; the first row is its head.
func printTable(w io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, row := range rows {
		line := "|"
		rule := "|"
		for i, cell := range row {
			gap := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i == 0 {
				line += " " + cell + gap + " |"
				rule += " " + strings.Repeat("-", widths[i]) + " |"
			} else {
				line += " " + gap + cell + " |"
				rule += " " + strings.Repeat("-", widths[i]-1) + ": |"
			}
		}
		fmt.Fprintln(w, line)
		if n == 0 {
			fmt.Fprintln(w, rule)
		}
	}
	fmt.Fprintln(w)
}
