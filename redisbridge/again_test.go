package redisbridge

import (
	"fmt"
	"testing"

	"parley/actors"
	"parley/actors/protocol"
)

// TestOfTwoThatWereSaidAgainTheOneThatWasAckedLastIsPutBack, whoever comes first: a node that
// was away holds a message as it was before a loss, another as it was said again after it.
func TestOfTwoThatWereSaidAgainTheOneThatWasAckedLastIsPutBack(t *testing.T) {
	t.Parallel()
	const before, after = 1_795_764_230_000_000, 1_795_764_238_000_000
	back := func(id int64) *actors.Restore {
		return &actors.Restore{Entries: []protocol.Entry{{ID: id, Ref: "alice#1", Frame: protocol.AppendFrame(nil, fmt.Sprintf(`{"id":%d}`, id))}}}
	}
	for name, order := range map[string][][]int64{
		"the one before first": {{before}, {after}}, "the one after first": {{after}, {before}},
		"one node holds both": {{before, after}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, open func(string, int) *Store) {
				s := open("n", 1000)
				for _, ids := range order {
					var batch []*actors.Restore
					for _, id := range ids {
						batch = append(batch, back(id))
					}
					must(t, s.restore(soon(t), batch))
				}
				if got := held(t, s, publicKey); len(got) != 1 || int64(got[0].Score) != after {
					t.Errorf("the log has %v", got)
				}
				if ref := s.client.ZScore(soon(t), refsKey(publicKey), "alice#1").Val(); int64(ref) != after {
					t.Errorf("the reference is of %.0f", ref)
				}
			})
		})
	}
}
