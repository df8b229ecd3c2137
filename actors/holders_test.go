package actors

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestHoldersTellEachNamesFirstAndLast: what is announced and withdrawn is, for
// every name, in turns; and what is announced is held, or left within the grace.
func TestHoldersTellEachNamesFirstAndLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, now := newHolders(departures{}), time.Now()
		conns := map[uint64]string{}    // the truth
		announced := map[string]bool{}  // what others were told
		ended := map[string]time.Time{} // when a name's last connection broke
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		conn := rapid.Uint64Range(1, 5)
		holds := func(name string) bool {
			for _, n := range conns {
				if n == name {
					return true
				}
			}
			return false
		}
		withdraw := func(name string) {
			if !announced[name] || holds(name) {
				t.Fatalf("%s is withdrawn: announced %v, held %v", name, announced[name], holds(name))
			}
			delete(announced, name)
			delete(ended, name)
		}
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				c, n := conn.Draw(t, "conn"), name.Draw(t, "name")
				if held, ok := conns[c]; ok {
					n = held // a restarted session says it again
				}
				conns[c] = n
				delete(ended, n)
				if h.enter(c, n) {
					if announced[n] {
						t.Fatalf("%s is announced twice", n)
					}
					announced[n] = true
				}
			},
			"leave": func(t *rapid.T) {
				c, clean := conn.Draw(t, "conn"), rapid.Bool().Draw(t, "clean")
				n, ok := conns[c]
				delete(conns, c)
				gone := h.leave(c, clean, now)
				if last := ok && !holds(n); last && clean != (gone == n) || !last && gone != "" {
					t.Fatalf("the end of %q (last %v, clean %v) withdraws %q", n, last, clean, gone)
				}
				if gone != "" {
					withdraw(gone)
				} else if ok && !holds(n) {
					ended[n] = now
				}
			},
			"wait": func(t *rapid.T) { now = now.Add(time.Duration(rapid.Int64Range(0, int64(Grace)).Draw(t, "time"))) },
			"expire": func(t *rapid.T) {
				for _, d := range h.expire(now, Grace) {
					if at := ended[d.Name]; !d.At.Equal(at) || now.Sub(at) < Grace {
						t.Fatalf("%s left at %v, not %v, %v ago", d.Name, d.At, at, now.Sub(at))
					}
					withdraw(d.Name)
				}
				for n, at := range ended {
					if now.Sub(at) >= Grace {
						t.Fatalf("%s is still present %v after its end", n, now.Sub(at))
					}
				}
			},
			"": func(t *rapid.T) {
				var want []string
				for n := range announced {
					want = append(want, n)
					if _, leaving := ended[n]; !holds(n) && !leaving {
						t.Fatalf("%s is announced, and nobody holds it", n)
					}
				}
				got := h.all()
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("all are %v, announced %v", got, want)
				}
			},
		})
	})
}

func TestWhoComesBackWithinTheGraceIsNotAnnounced(t *testing.T) {
	h, now := newHolders(departures{}), time.Now()
	if !h.enter(1, "a") || h.enter(1, "a") || h.enter(2, "a") {
		t.Fatal("only the first connection is to be announced, once")
	}
	if h.leave(1, true, now) != "" || h.leave(2, false, now) != "" {
		t.Fatal("the end of a link withdraws a name at once")
	}
	if h.enter(3, "a") || h.expire(now.Add(time.Hour), Grace) != nil {
		t.Error("who came back is announced, or withdrawn later")
	}
	if h.leave(3, true, now) != "a" {
		t.Error("a clean end does not withdraw the name")
	}
}
