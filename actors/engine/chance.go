package engine

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// chance is where the server takes its jitter from. It draws on crypto/rand, which a test
// can seed (testing/cryptotest): so a simulation's seed decides what the server does by
// chance, too. It is drawn from a few times a second at most.
var chance = rand.New(entropy{})

type entropy struct{}

func (entropy) Uint64() uint64 {
	var b [8]byte
	_, _ = cryptorand.Read(b[:]) // never fails, says crypto/rand
	return binary.LittleEndian.Uint64(b[:])
}

// Jitter is a random part of a wait, below most, which is positive.
func Jitter(most time.Duration) time.Duration { return time.Duration(chance.Int64N(int64(most))) }
