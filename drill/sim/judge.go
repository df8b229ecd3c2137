package sim

import (
	"slices"

	"parley/drill/check"
	"parley/drill/check/linear"
)

// judge gives what clients saw to both judges. It is called outside of the bubble: the second
// one looks for an order for a bounded time, and virtual time bounds nothing.
func (res *Result) judge() {
	if res.History == nil { // the run did not begin
		res.Report, res.Second = &check.Report{}, &linear.Result{}
		return
	}
	res.Report, res.Second = check.Check(res.History), linear.Check(res.History, linear.Lag)
	for _, v := range res.Report.Verdicts {
		said := make([]string, 0, len(v.Violations))
		for _, x := range v.Violations {
			said = append(said, x.String())
		}
		slices.Sort(said) // the judge has them as its maps do
		res.Failures = append(res.Failures, said...)
	}
	for _, v := range res.Second.Violations {
		res.Failures = append(res.Failures, secondly+v.String())
	}
}

// secondly begins what the second judge says.
const secondly = "second judge · "
