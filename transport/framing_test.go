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

// TestFramingRefusesWhatNoClientMaySend by itself: what the library would find, too, must not
// depend on it, for the scanner has to stay in step with the bytes.
func TestFramingRefusesWhatNoClientMaySend(t *testing.T) {
	mask := string(make([]byte, maskSize))
	for what, c := range map[string]struct {
		bytes string
		code  uint16
	}{
		"a text":                             {"\x81\x81" + mask + "x", 0},
		"an empty text":                      {"\x81\x80" + mask, 0},
		"a text in two parts, a ping within": {"\x01\x81" + mask + "x\x89\x80" + mask + "\x80\x81" + mask + "y", 0},
		"16 bits of length":                  {"\x82\xfe\x00\x7e" + mask, 0},
		"the longest":                        {"\x81\xfe\x40\x00" + mask, 0},
		"one more than that":                 {"\x81\xfe\x40\x01", closeTooLarge},
		"one more over two parts":            {"\x01\xfe\x40\x00" + mask + string(make([]byte, frameLimit)) + "\x80\x81", closeTooLarge},
		"64 bits of length":                  {"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00", closeTooLarge},
		"the top bit of them":                {"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", closeProtocol},
		"16 bits where 7 would do":           {"\x81\xfe\x00\x7d", closeProtocol},
		"64 bits where 16 would do":          {"\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff", closeProtocol},
		"a reserved bit":                     {"\xc1", closeProtocol},
		"an unknown opcode":                  {"\x83", closeProtocol},
		"an unknown control opcode":          {"\x8b", closeProtocol},
		"a control frame in parts":           {"\x09", closeProtocol},
		"a control frame of 126 bytes":       {"\x89\xfe", closeProtocol},
		"no mask":                            {"\x81\x01", closeProtocol},
		"a part without a beginning":         {"\x80", closeProtocol},
		"a message within another":           {"\x01\x80" + mask + "\x81", closeProtocol},
	} {
		var f framing
		if good, _, code := f.scan([]byte(c.bytes)); code != c.code || code == 0 && good != len(c.bytes) {
			t.Errorf("%s: %d after %d bytes of %d", what, code, good, len(c.bytes))
		}
	}
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
