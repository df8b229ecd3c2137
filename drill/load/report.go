package load

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is everything of one call, as -json writes it.
type report struct {
	Date    string   `json:"date"`
	Machine string   `json:"machine"`
	Command string   `json:"command"`
	Results []result `json:"results"`
	Bars    []ruling `json:"bars,omitempty"`
}

// ruling is a bar with what was measured.
type ruling struct {
	Scenario string  `json:"scenario"`
	What     string  `json:"what"`
	Measured float64 `json:"measured"`
	Limit    string  `json:"limit"`
	Held     bool    `json:"held"`
}

func newReport(args []string) *report {
	return &report{
		Date:    time.Now().Format(time.DateOnly),
		Machine: machine(),
		Command: strings.Join(append([]string{"drill", "load"}, args...), " "),
	}
}

// machine says what the figures were measured on.
func machine() string {
	model := "unknown CPU"
	info, _ := os.ReadFile("/proc/cpuinfo") // without it the model is unknown
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), model, runtime.Version())
}

// judge rules on all bars that were measured.
func (r *report) judge() {
	for _, b := range bars {
		var scenarios book
		for _, one := range r.Results {
			if one.Scenario == b.scenario || one.Scenario == b.beside {
				scenarios = append(scenarios, one)
			}
		}
		figure := b.figure(scenarios)
		if math.IsNaN(figure) || math.IsInf(figure, 0) {
			continue
		}
		sign := "≤"
		if b.atLeast {
			sign = "≥"
		}
		limit := fmt.Sprintf("%s %v", sign, b.limit)
		r.Bars = append(r.Bars, ruling{b.scenario, b.what, figure, limit, b.held(figure)})
	}
}

// columns are the head of the results' table; cells are one line of it, empty where a scenario has no such figure.
// Latencies are from the time a message was due, CPU times of all nodes together.
var columns = []string{
	"scenario", "server", "deliveries/s", "complete", "p50", "p99", "p99.9",
	"CPU/delivery", "CPU/message", "Redis/message", "CPU", "generator", "KiB/client",
}

func cells(r result) []string {
	rates := make([]string, 8) //nolint:mnd // the columns that need deliveries
	if r.Deliveries > 0 {
		rates = []string{
			fmt.Sprintf("%.0f", r.deliveryRate()), completeness(r),
			r.latency(r.P50), r.latency(r.P99), r.latency(r.P999),
			fmt.Sprintf("%.2f µs", r.serverPerDelivery()),
			fmt.Sprintf("%.1f µs", r.serverPerMessage()), fmt.Sprintf("%.1f µs", r.redisPerMessage()),
		}
	}
	return slices.Concat([]string{r.Scenario, r.label()}, rates, []string{
		fmt.Sprintf("%.1f %%", r.ofOneCore(r.ServerCPU)), fmt.Sprintf("%.0f %%", r.ofOneCore(r.GeneratorCPU)),
		fmt.Sprintf("%.1f", r.memoryPerClient()/kibibyte),
	})
}

func completeness(r result) string {
	switch {
	case r.complete():
		return "yes"
	case r.Overloaded != "":
		return "stopped"
	default:
		return fmt.Sprintf("%.1f %%, %.1f s behind", 100*float64(r.Delivered)/float64(r.Expected), r.BacklogSeconds) //nolint:mnd // percent
	}
}

// latency is in ms; nothing where none was timed, since nothing that was due while measuring arrived at all.
func (r result) latency(micro float64) string {
	if r.Timed == 0 {
		return "none"
	}
	return fmt.Sprintf("%.2f ms", micro/1e3) //nolint:mnd // µs to ms
}

// line says what one run brought, as soon as it did.
func line(r result) string {
	figures := cells(r)
	text := fmt.Sprintf("%s on %s:", r.Scenario, r.label())
	for i := 2; i < len(figures); i++ { // behind the names
		if figures[i] != "" {
			text += fmt.Sprintf(" %s %s,", columns[i], figures[i])
		}
	}
	text = strings.TrimSuffix(text, ",")
	if r.Joins > 0 {
		text += fmt.Sprintf("; %d joined and told in %.2f s, %d presence frames, %d bytes",
			r.Joins, r.JoinSeconds, r.PresenceFrames, r.PresenceBytes)
	}
	if r.RoundP50 > 0 {
		text += fmt.Sprintf("; Redis round trip p50 %.0f µs", r.RoundP50)
	}
	if r.Errors > 0 || r.Closed > 0 || r.Overloaded != "" {
		text += fmt.Sprintf("; %d refusals, %d closed by the server: %s %s", r.Errors, r.Closed, r.Overloaded, r.Note)
	}
	return text
}

// print writes both tables.
func (r *report) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s, %s\n%s\n\n", r.Date, r.Machine, r.Command)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) //nolint:mnd // two spaces between columns
	fmt.Fprintln(table, strings.Join(columns, "\t"))
	for _, one := range r.Results {
		fmt.Fprintln(table, strings.Join(cells(one), "\t"))
	}
	if len(r.Bars) > 0 {
		fmt.Fprintln(table, "\nscenario\tbar\tmeasured\tlimit\theld")
	}
	for _, b := range r.Bars {
		held := "yes"
		if !b.Held {
			held = "NO"
		}
		fmt.Fprintf(table, "%s\t%s\t%.3g\t%s\t%s\n", b.Scenario, b.What, b.Measured, b.Limit, held)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("failed to print the report: %w", err)
	}
	return nil
}

// save writes the JSON.
func (r *report) save(file string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("failed to encode the report: %w", err)
	}
	if err := os.WriteFile(file, append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("failed to write the report: %w", err)
	}
	return nil
}
