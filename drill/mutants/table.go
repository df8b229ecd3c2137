package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// leastFound is how many of a hundred are to be found.
	leastFound = 95
	// failureShown is how much of a failure the table shows, in bytes.
	failureShown = 90
)

// report prints the table and the totals; the error says what is wrong with them.
func report(out io.Writer, results []result) error {
	found, simulated := 0, 0
	var broken []string
	fmt.Fprint(out, "| fault | kind | found by | s |\n| --- | --- | --- | ---: |\n")
	for _, r := range results {
		by := r.by()
		switch {
		case r.err != nil:
			broken = append(broken, by)
			by = "not planted"
		case r.simulated:
			simulated++
		}
		if r.found() {
			found++
		}
		fmt.Fprintf(out, "| %s | %s | %s | %.0f |\n", r.name, r.kind, cell(by), r.took.Round(time.Second).Seconds())
	}
	fmt.Fprintf(out, "\n%d of %d found (%.0f %%): %d by the simulation, %d by a test of the package.\n", found, len(results),
		100*float64(found)/float64(max(1, len(results))), simulated, found-simulated)
	switch {
	case len(broken) > 0:
		return fmt.Errorf("not planted: %s", strings.Join(broken, "\n"))
	case found*100 < leastFound*len(results):
		return fmt.Errorf("fewer than %d %% are found", leastFound)
	}
	return nil
}

// cell makes a text fit for a table.
func cell(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", "/")
	if len(text) > failureShown {
		text = strings.ToValidUTF8(text[:failureShown], "") + "…"
	}
	return text
}
