package load

import (
	"bytes"
	"time"
)

const (
	// mark opens the due time in a text. No server puts it into its own part of a frame, and no name holds it.
	mark = '~'

	// stampDigits hold nanoseconds for 27 hours: far longer than any run.
	stampDigits = 14

	// stampSize is the least size of a text.
	stampSize = 1 + stampDigits
)

// began is the zero of all times here: monotonic, so that a change of the wall clock moves nothing.
var began = time.Now()

// now is in nanoseconds since began.
func now() int64 { return int64(time.Since(began)) }

// appendText appends a text of size bytes (at least stampSize) that carries its due time.
func appendText(dst []byte, due int64, size int) []byte {
	dst = append(dst, mark)
	start := len(dst)
	for range stampDigits {
		dst = append(dst, '0')
	}
	for i := start + stampDigits - 1; due > 0 && i >= start; i-- {
		dst[i] = byte('0' + due%10)
		due /= 10
	}
	for range size - stampSize {
		dst = append(dst, 'x')
	}
	return dst
}

// dueTime finds the due time in a frame.
func dueTime(frame []byte) (int64, bool) {
	at := bytes.IndexByte(frame, mark)
	if at < 0 || len(frame)-at < stampSize {
		return 0, false
	}
	var due int64
	for _, digit := range frame[at+1 : at+stampSize] {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		due = due*10 + int64(digit-'0')
	}
	return due, true
}
