package actors

import (
	"testing"
	"time"
)

func TestWavesOfALargeChatAreFurtherApart(t *testing.T) {
	for people, want := range map[int]time.Duration{
		0: WaveInterval, smallChat: WaveInterval,
		smallChat + 20: WaveInterval + time.Millisecond,
		1000:           32 * time.Millisecond,
		100_000:        longestInterval,
	} {
		if got := intervalFor(people); got != want {
			t.Errorf("%d people are told every %v, not every %v", people, got, want)
		}
	}
}
