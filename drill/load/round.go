package load

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// rounds at roundInterval take 3 s; their median moves by less than a microsecond or two.
	rounds        = 300
	roundInterval = 10 * time.Millisecond // the same pace as the scenario it is compared with

	// roundTimeout bounds one round: Redis on loopback answers within a millisecond.
	roundTimeout = 5 * time.Second

	roundChannel = "drill:round"
)

// roundTrip is the median time, in microseconds, from a PUBLISH through go-redis to the message at a subscriber: what the
// wire to Redis alone costs, there and back.
func roundTrip(ctx context.Context, addr string) (float64, error) {
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	subscription := client.Subscribe(ctx, roundChannel)
	defer subscription.Close()
	if _, err := subscription.Receive(ctx); err != nil { // the confirmation
		return 0, fmt.Errorf("failed to subscribe for the round trip: %w", err)
	}
	arrived := make(chan int64, 1)
	go func() {
		for {
			if _, err := subscription.ReceiveMessage(ctx); err != nil {
				close(arrived)
				return
			}
			arrived <- now()
		}
	}()
	latencies := newHistogram()
	text := make([]byte, textSize)
	for begin, i := time.Now(), 0; i < rounds; i++ {
		if err := waitUntil(ctx, begin.Add(roundInterval*time.Duration(i))); err != nil {
			return 0, err
		}
		sent := now()
		if err := client.Publish(ctx, roundChannel, text).Err(); err != nil {
			return 0, fmt.Errorf("failed to publish for the round trip: %w", err)
		}
		timeout := time.NewTimer(roundTimeout)
		select {
		case at, ok := <-arrived:
			timeout.Stop()
			if !ok {
				return 0, fmt.Errorf("failed to hear the round trip: the subscription ended")
			}
			_ = latencies.RecordValue(min(max(at-sent, leastLatency), mostLatency)) // within the bounds
		case <-timeout.C:
			return 0, fmt.Errorf("failed to hear the round trip: nothing came within %s", roundTimeout)
		}
	}
	return microseconds(latencies, 50), nil //nolint:mnd // the median
}
