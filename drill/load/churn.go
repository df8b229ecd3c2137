package load

import (
	"context"
	"sync"
	"time"
)

// stay is how long a client that comes and goes is there: long enough to have joined.
const stay = time.Second

// churn has clients come at a steady rate for a time, and leave as steadily one stay later. They are passing: what they
// hear is not compared with what was sent.
func churn(ctx context.Context, c *crowd, perSecond float64, lasting time.Duration) error {
	n := int(perSecond * lasting.Seconds())
	if n == 0 {
		return nil
	}
	begin, first, interval := time.Now(), c.size(), lasting/time.Duration(n)
	var leaving sync.WaitGroup
	defer leaving.Wait()
	leaving.Go(func() {
		for i := range n {
			if waitUntil(ctx, begin.Add(stay+interval*time.Duration(i))) != nil {
				return // the run is over: they go with it
			}
			if m := c.member(first + i); m != nil {
				m.leave()
			}
		}
	})
	err := c.connect(ctx, n, lasting, func(_ int, to *conn) { to.passing = true })
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the run is over
	}
	return err
}
