package main

import (
	"strings"
	"testing"

	"parley/drill/check/linear"
)

func TestWhatTheSecondJudgeFindsFailsADrill(t *testing.T) {
	s := quietSummary()
	s.second = &linear.Result{Logs: 4, Operations: 30, Left: 3, Unknown: 2}
	var out strings.Builder
	if s.print(&out); s.failed() || !strings.Contains(out.String(), "took too long      |     2 |") {
		t.Errorf("what nobody knows failed it, or was not told:\n%s", out.String())
	}
	s.second.Failed = 1
	s.second.Violations = []linear.Violation{{Log: "the public log", Operations: []string{"planted"}}}
	if s.print(&out); !s.failed() || !strings.Contains(out.String(), "no log explains: the public log · planted") {
		t.Errorf("what can't have happened did not fail it, or was not told:\n%s", out.String())
	}
}
