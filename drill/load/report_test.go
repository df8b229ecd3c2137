package load

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheReportRulesOnWhatWasMeasured(t *testing.T) {
	r := newReport([]string{"-compare"})
	r.Results = []result{
		{
			Scenario: "fanout-1000x2000", Target: onParley, Nodes: 1, Clients: 1_000, Seconds: 10, perMessage: 1_000,
			Deliveries: 20_000_000, Expected: 30, Delivered: 30, ServerCPU: 8e6, Timed: 1, P50: 5_000, P99: 9_000,
		},
		{
			Scenario: "fanout-1000x2000", Target: onDelayed, Nodes: 1, Clients: 1_000, Seconds: 10, perMessage: 1_000,
			Deliveries: 8_000_000, Expected: 30, Delivered: 12, ServerCPU: 8e6, BacklogSeconds: 6,
		},
		{Scenario: "idle-10000", Target: onParley, Nodes: 1, Clients: 10_000, Seconds: 10, ServerCPU: 1e6, MemoryAfter: 200 << 20},
	}
	r.judge()

	held := make(map[string]bool)
	for _, b := range r.Bars {
		held[b.What] = b.Held
	}
	want := map[string]bool{
		whole: true,
		"CPU per delivery / Centrifuge with its write delay":    false, // 0.4 of it
		"most deliveries/s / Centrifuge's with its write delay": true,
		"memory of a connection, KiB":                           false,
		"CPU while idle, % of a core":                           false,
	}
	if len(held) != len(want) {
		t.Errorf("ruled on %v", held)
	}
	for what, wanted := range want {
		if held[what] != wanted {
			t.Errorf("%s: held %v, want %v", what, held[what], wanted)
		}
	}

	var table bytes.Buffer
	if err := r.print(&table); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"2000000 ", "40.0 %, 6.0 s behind", "5.00 ms", "none", "≤ 0.35", "NO"} {
		if !strings.Contains(table.String(), part) {
			t.Errorf("the table lacks %q:\n%s", part, table.String())
		}
	}

	file := filepath.Join(t.TempDir(), "report.json")
	if err := r.save(file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var again report
	if err := json.Unmarshal(content, &again); err != nil || len(again.Results) != 3 || len(again.Bars) != len(want) {
		t.Errorf("read back %d results and %d bars: %v", len(again.Results), len(again.Bars), err)
	}
}
