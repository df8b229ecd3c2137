package actors

import "slices"

// How much of a log fits into a frame, or into what is told at once.

// sizeOf is about how many bytes entries take in a list.
func sizeOf(entries []Entry) int {
	n := 0
	for _, e := range entries {
		n += len(e.Frame)
	}
	return n
}

// newestWithin cuts entries, oldest first, to the newest that take at most limit
// bytes together, and at least one.
func newestWithin(entries []Entry, limit int) []Entry {
	for i, e := range slices.Backward(entries) {
		if limit -= len(e.Frame); limit < 0 && i < len(entries)-1 {
			return entries[i+1:]
		}
	}
	return entries
}

// oldestWithin likewise from the other end.
func oldestWithin(entries []Entry, limit int) []Entry {
	for i, e := range entries {
		if limit -= len(e.Frame); limit < 0 && i > 0 {
			return entries[:i]
		}
	}
	return entries
}
