package check

// Losses are the times in which Redis had lost data or may not have had it back yet, in order.
func (h *History) Losses() []Span {
	var all []Span
	for _, f := range h.Faults {
		if f.LosesData {
			all = append(all, Span{f.Start, f.End + writeBackTime})
		}
	}
	return union(all)
}
