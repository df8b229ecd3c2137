package redisbridge

import (
	"testing"

	"parley/actors"
)

// TestRepeatIsKnownThoughTheClaimWasLost: Redis forgot, the node that knew of the claim has
// died, and others have written back what was said. Who comes back with the token says again
// what it has no ack for; somebody new who gives the same reference says something new.
func TestRepeatIsKnownThoughTheClaimWasLost(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		for _, c := range []struct {
			token  string
			signed bool
			stored int
		}{{"alice's", false, 1}, {"", true, 1}, {"", false, 2}} {
			must(t, s.client.FlushAll(soon(t)).Err())
			must(t, loadScripts(soon(t), s.client))
			say := func(c *actors.Claimed) actors.Entry {
				call := publics(s)
				call.add("alice#1", c.Refs, body("alice", "", "hello"))
				return call.entry(0, run(t, s, call).ids[0])
			}
			take := func(proof, fresh string) *actors.Claimed {
				claimed, err := s.claim(soon(t), []*actors.Claim{{Name: "alice", Proof: proof, Fresh: fresh, Signed: c.signed}})
				must(t, err)
				return claimed[0]
			}
			first := say(take("", "alice's"))
			must(t, s.client.FlushAll(soon(t)).Err())
			must(t, loadScripts(soon(t), s.client))
			must(t, s.restore(soon(t), []*actors.Restore{{Entries: []actors.Entry{first}}}))
			back := take(c.token, "another")
			say(back)
			if c.token != "" || c.signed {
				say(take(c.token, "a third")) // from a second device
			}
			if n := len(held(t, s, publicKey)); n != c.stored {
				t.Errorf("with token %q, signed %v, it is stored %d times", c.token, c.signed, n)
			}
			if back.Since <= first.ID {
				t.Error("and direct messages of before are shown")
			}
		}
	})
}
