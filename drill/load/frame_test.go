package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// serverFrame is a frame as servers send it: without a mask.
func serverFrame(opcode byte, payload string) []byte {
	b := appendFrame(nil, opcode, []byte(payload))
	head := len(b) - len(payload)
	b[1] &^= maskBit
	return append(b[:head-4:head-4], payload...)
}

func TestFramesAreFoundAtEveryLength(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 65_535, 65_536, 100_000} {
		payload := strings.Repeat("x", n)
		stream := append(serverFrame(opText, payload), serverFrame(opPing, "p")...)

		f, size, err := nextFrame(stream)
		if err != nil || f.opcode != opText || string(f.payload) != payload {
			t.Fatalf("%d bytes: opcode %d, %d bytes, %v", n, f.opcode, len(f.payload), err)
		}
		f, _, err = nextFrame(stream[size:])
		if err != nil || f.opcode != opPing || string(f.payload) != "p" {
			t.Fatalf("behind %d bytes: opcode %d, %q, %v", n, f.opcode, f.payload, err)
		}
	}
}

func TestAnUnfinishedFrameWaitsForMore(t *testing.T) {
	for _, n := range []int{5, 200, 70_000} {
		whole := serverFrame(opText, strings.Repeat("x", n))
		for _, cut := range []int{0, 1, 2, 3, 9, len(whole) - 1} {
			if cut >= len(whole) {
				continue
			}
			if _, size, err := nextFrame(whole[:cut]); size != 0 || err != nil {
				t.Fatalf("%d of %d bytes: size %d, %v", cut, len(whole), size, err)
			}
		}
	}
}

func TestAClientsFrameIsMaskedWithZero(t *testing.T) {
	for _, n := range []int{3, 300, 70_000} {
		payload := bytes.Repeat([]byte("a"), n)
		b := appendFrame(nil, opText, payload)
		if b[0] != finBit|opText || b[1]&maskBit == 0 {
			t.Fatalf("the frame of %d bytes begins with % x", n, b[:2])
		}
		if !bytes.HasSuffix(b, append([]byte{0, 0, 0, 0}, payload...)) {
			t.Fatalf("the frame of %d bytes does not end with a zero key and its payload", n)
		}
	}
}

func TestWhatNoServerMaySayIsAnError(t *testing.T) {
	masked := appendFrame(nil, opText, []byte("x"))
	if _, _, err := nextFrame(masked); !errors.Is(err, errMasked) {
		t.Errorf("a masked frame: %v", err)
	}
	if _, _, err := nextFrame([]byte{opText, 1, 'x'}); !errors.Is(err, errFragmented) {
		t.Errorf("a fragment: %v", err)
	}
	endless := binary.BigEndian.AppendUint64([]byte{finBit | opText, lengthIn64}, maxFrame+1)
	if _, _, err := nextFrame(endless); err == nil {
		t.Error("a frame beyond the bound is taken")
	}
}
