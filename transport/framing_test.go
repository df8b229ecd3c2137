package transport

import (
	"bytes"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// TestFramingIsTheSameInWhateverPiecesBytesCome reads bytes that are frames more often than
// not, whole and in pieces, and allocates nothing.
func TestFramingIsTheSameInWhateverPiecesBytesCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := rapid.SliceOfN(rapid.Custom(anyFrame), 1, 20).Draw(t, "frames")
		all := bytes.Join(stream, nil)
		var whole, pieced framing
		good, parts, code := whole.scan(all)
		at, seen := 0, 0
		for at < len(all) {
			piece := all[at : at+rapid.IntRange(1, len(all)-at).Draw(t, "piece")]
			n, more, refused := pieced.scan(piece)
			at, seen = at+n, seen+more
			if refused != 0 && (refused != code || at != good) || refused == 0 && n != len(piece) {
				t.Fatalf("whole: %d after %d bytes; in pieces: %d after %d", code, good, refused, at)
			}
			if refused != 0 {
				break
			}
		}
		if at != good || seen != parts {
			t.Fatalf("whole: %d bytes, %d parts; in pieces: %d bytes, %d parts", good, parts, at, seen)
		}
	})
}

// anyFrame draws a frame, or something like one.
func anyFrame(t *rapid.T) []byte {
	frame := []byte{rapid.SampledFrom([]byte{0x81, 0x01, 0x00, 0x80, 0x89, 0x8a, 0x82, 0x88, 0x83, 0xc1, 0x09}).Draw(t, "head")}
	size := rapid.SampledFrom([]int{0, 1, 125, 126, 127, 1000, 8000, 16384, 16385, 65535, 65536}).Draw(t, "size")
	switch form := rapid.SampledFrom([]int{0, 0, 0, 2, 8}).Draw(t, "form"); {
	case form == 8 || size > longest16:
		frame = append(frame, 0x80|in64, rapid.SampledFrom([]byte{0, 0, 0x80}).Draw(t, "top"), 0, 0, 0, 0, byte(size>>16), byte(size>>8), byte(size))
	case form == 2 || size > longest7:
		frame = append(frame, 0x80|in16, byte(size>>8), byte(size))
	default:
		frame = append(frame, 0x80|byte(size))
	}
	return append(frame, make([]byte, maskSize+size)...)
}

// TestFramingCostsNothingMeasurable in memory: a connection's part, and none for a frame.
func TestFramingCostsNothingMeasurable(t *testing.T) {
	if size := unsafe.Sizeof(framing{}); size > 16 {
		t.Errorf("it has %d bytes", size)
	}
	stream := bytes.Repeat(masked(0x81, "hello, world"), 100)
	if allocs := testing.AllocsPerRun(10, func() {
		var f framing
		if _, _, code := f.scan(stream); code != 0 {
			t.Errorf("refused with %d", code)
		}
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
