package redisbridge

import (
	"testing"
	"time"

	"parley/actors"
	"parley/actors/protocol"
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
			say := func(c *actors.Claimed) protocol.Entry {
				call := publics(s)
				call.add(0, "alice#1", c.Refs, body("alice", "", "", "hello"))
				return call.entry(0, run(t, s, call).ids[0])
			}
			take := func(proof, fresh string) *actors.Claimed {
				claimed, err := s.claim(soon(t), []*actors.Claim{{Name: "alice", Proof: proof, Fresh: fresh, Signed: c.signed}})
				must(t, err)
				return claimed[0]
			}
			first := say(take("", "alice's"))
			forget := func() {
				must(t, s.client.FlushAll(soon(t)).Err())
				must(t, loadScripts(soon(t), s.client))
				must(t, s.restore(soon(t), []*actors.Restore{{Entries: []protocol.Entry{first}}}))
			}
			forget()
			back := take(c.token, "another")
			say(back)
			if c.token != "" || c.signed {
				say(take(c.token, "a third")) // from a second device
			}
			if c.token != "" || c.signed {
				forget() // once more; but now there is who knows of the claim
				_, err := s.vouch(soon(t), []actors.HeldClaim{{Name: "alice", Token: back.Token, Signed: c.signed, Since: back.Since, Refs: back.Refs}})
				must(t, err)
				say(take(c.token, "a fourth"))
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

// TestClaimMadeAgainBeforeItWasWrittenBackIsTheOld: Redis forgot, and who comes back with the
// token was faster than the node that knows of the claim. From then on it is as it was.
func TestClaimMadeAgainBeforeItWasWrittenBackIsTheOld(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("n", 10)
		first := claim(t, s, "alice", "", "alice's")
		must(t, s.client.FlushAll(soon(t)).Err())
		must(t, loadScripts(soon(t), s.client))
		again := claim(t, s, "alice", "alice's", "another")
		if again.Since <= first.Since {
			t.Fatal("it shows what was sent before, though nobody has said whose that is")
		}
		left := actors.HeldClaim{Name: "alice", Token: "alice's", Since: first.Since, Refs: first.Refs, Left: time.Now()}
		if !vouchFor(t, s, left) {
			t.Fatal("it is somebody else's")
		}
		if c := claim(t, s, "alice", "alice's", "a third"); c.Since != first.Since || c.Refs != first.Refs {
			t.Errorf("the claim is of %d, not of %d, and references of %d, not of %d", c.Since, first.Since, c.Refs, first.Refs)
		}

		stranger := claim(t, s, "bob", "", "bob's")
		left.Name, left.Token = "bob", "bob's"
		vouchFor(t, s, left)
		if c := claim(t, s, "bob", "bob's", "another"); c.Since != stranger.Since {
			t.Error("a claim that was never lost begins earlier now")
		}
	})
}
