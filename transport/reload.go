package transport

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// reloadCheckEvery bounds how often files are looked at: often enough that a renewed certificate
// or key counts at once for people, seldom enough that a storm of handshakes costs no stats.
const reloadCheckEvery = 2 * time.Second

// reloaded is a value made from files, made anew when they change. A file that is missing or
// broken leaves the old value in place and is reported, once for each way in which it is wrong.
type reloaded[T any] struct {
	paths  []string
	load   func() (T, error)
	report func(error)
	now    func() time.Time

	mu       sync.Mutex
	checked  time.Time
	stamps   []os.FileInfo // as they were just before value was loaded
	value    T
	reported string
}

// newReloaded loads the value for the first time.
func newReloaded[T any](paths []string, load func() (T, error), report func(error)) (*reloaded[T], error) {
	r := &reloaded[T]{paths: paths, load: load, report: report, now: time.Now}
	if err := r.reload(); err != nil {
		return nil, err
	}
	r.checked = r.now()
	return r, nil
}

// get gives the newest good value. Callers wait for each other while one of them looks at the
// files, at most every reloadCheckEvery.
func (r *reloaded[T]) get() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); now.Sub(r.checked) >= reloadCheckEvery {
		r.checked = now
		r.settle(r.reload())
	}
	return r.value
}

// reload takes the stamps first: a file that changes while it is read is read again next time.
func (r *reloaded[T]) reload() error {
	stamps := make([]os.FileInfo, len(r.paths))
	for i, path := range r.paths {
		stamp, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("look at file: %w", err)
		}
		stamps[i] = stamp
	}
	if slices.EqualFunc(r.stamps, stamps, sameStamp) {
		return nil
	}
	value, err := r.load()
	if err != nil {
		return err
	}
	r.stamps, r.value = stamps, value
	return nil
}

func (r *reloaded[T]) settle(err error) {
	if err == nil {
		r.reported = ""
		return
	}
	if text := err.Error(); text != r.reported {
		r.reported = text
		r.report(err)
	}
}

func sameStamp(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
