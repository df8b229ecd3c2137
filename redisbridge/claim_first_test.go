package redisbridge

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestFirstToTakeANameGetsWhatIsSentWhileItIsTaken: after it was looked at what waits.
func TestFirstToTakeANameGetsWhatIsSentWhileItIsTaken(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s, other := open("n", 100), open("o", 100)
		claim(t, other, "sender", "", "token")
		s.client.AddHook(beforeClaims(func() { send(t, other, "sender", "new", "just now") }))
		got := claim(t, s, "new", "", "token-1")
		if sent := held(t, s, "chat:inbox:new")[0].Score; float64(got.Since) >= sent || len(got.Conversations) != 1 {
			t.Errorf("a message at %.0f, and who takes the name sees what is newer than %d", sent, got.Since)
		}
	})
}

// beforeClaims does something right before claims are decided.
type beforeClaims func()

func (do beforeClaims) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (do beforeClaims) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (do beforeClaims) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if args := cmds[0].Args(); len(args) > 1 && args[1] == claimScript.Hash() {
			do()
		}
		return next(ctx, cmds)
	}
}
