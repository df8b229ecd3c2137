package actors

import "testing"

// TestNodeThatReadTheLogBeforeItWasPutBackShowsAllOfIt: it began while a Redis without its data
// was being written back to by the others.
func TestNodeThatReadTheLogBeforeItWasPutBackShowsAllOfIt(t *testing.T) {
	t.Parallel()
	chat, redis := newChat(t)
	connect(t, chat, Newest).hears(`"type":"init"`)
	redis.lose(true)
	redis.say(40)
	redis.lose(false)
	redis.mu.Lock()
	old := redis.logs[Public]
	redis.logs[Public] = nil
	redis.mu.Unlock()
	early := connect(t, chat, Newest)
	redis.say(2)
	early.hasHeardAll("msg", redis.logOf(Public), 0)
	redis.mu.Lock()
	redis.logs[Public] = append(old[:len(old):len(old)], redis.logs[Public]...)
	redis.root.Send(redis.subscribers[Public], &Restored{Upto: old[39].ID})
	redis.mu.Unlock()
	resumed := connect(t, chat, old[0].ID)
	resumed.hasHeardAll("msg", redis.logOf(Public), 1)
	fresh := connect(t, chat, Newest)
	fresh.hasHeardAll("msg", redis.logOf(Public), 42-20)
	redis.say(1)
	for u, from := range map[*client]int{early: 40, resumed: 1, fresh: 42 - 20} {
		u.hasHeardAll("msg", redis.logOf(Public), from)
	}
}
