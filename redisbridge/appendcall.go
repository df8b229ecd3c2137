package redisbridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

const (
	publicHead = `{"type":"msg","id":`
	directHead = `{"type":"dm","id":`
)

// body is what of a message stands between its id and its time.
func body(user, to, text string) string {
	return string(append(protocol.AppendBody(make([]byte, 0, len(text)+len(user)+len(to)+48), user, to, text), `,"time":`...))
}

// appendCall is one call of the append script.
type appendCall struct {
	log         actors.Log
	key         string
	keep, slack int
	seen, floor int64
	life        time.Duration
	fence       int64 // the end of this node's lease; 0: what was begun is to be ended
	publish     bool
	waits       bool   // for a name that nobody has claimed
	head        string // "" where the id comes last
	messages    []appendMessage
}

type appendMessage struct {
	ref   string
	since int64
	body  string
}

func (c *appendCall) add(ref string, since int64, body string) {
	c.messages = append(c.messages, appendMessage{ref, since, body})
}

func (c *appendCall) keys() []string {
	if c.waits {
		return append(logKeys(c.key), waitingKey(c.key))
	}
	return logKeys(c.key)
}

func (c *appendCall) args() []any {
	args := make([]any, 0, 8+3*len(c.messages))
	args = append(args, c.keep, c.slack, c.seen, c.floor, int64(c.life.Seconds()), flag(c.publish), c.head, c.fence)
	for _, m := range c.messages {
		args = append(args, m.ref, m.since, m.body)
	}
	return args
}

// entry is what the script made of the i-th message.
func (c *appendCall) entry(i int, id int64) protocol.Entry {
	return c.holding(i, id, c.payload(i, id))
}

// holding is an entry of the i-th message with what the log holds.
func (c *appendCall) holding(i int, id int64, payload []byte) protocol.Entry {
	return protocol.Entry{ID: id, Ref: c.messages[i].ref, Frame: protocol.AppendFrame(nil, payload)}
}

func (c *appendCall) payload(i int, id int64) []byte {
	m := c.messages[i]
	payload := make([]byte, 0, len(c.head)+len(m.body)+32)
	if c.head == "" {
		payload = strconv.AppendInt(append(payload, m.body...), id, 10)
	} else {
		payload = append(strconv.AppendInt(append(payload, c.head...), id, 10), m.body...)
		payload = strconv.AppendInt(payload, id/1_000_000, 10)
	}
	return append(payload, '}')
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

var errReply = errors.New("unexpected reply of the append script")

func parseAppendReply(reply []any, err error) (appended, error) {
	if err != nil {
		return appended{}, err
	}
	if len(reply) == 1 && reply[0] == "lapsed" {
		return appended{}, errLapsed
	}
	if len(reply) < 2 || reply[0] == "behind" {
		return appended{behind: true}, nil
	}
	prev, _ := reply[0].(string)
	ids, _ := reply[1].(string)
	a := appended{ids: make([]int64, 0, strings.Count(ids, " ")+1)}
	if a.prev, err = strconv.ParseInt(prev, 10, 64); err != nil {
		return appended{}, errReply
	}
	for id := range strings.SplitSeq(ids, " ") {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return appended{}, errReply
		}
		a.ids = append(a.ids, n)
	}
	for i := 2; i+2 < len(reply); i += 3 {
		place, ok := reply[i].(int64)
		before, _ := reply[i+1].(string)
		member, ok2 := reply[i+2].(string)
		prev, err := strconv.ParseInt(before, 10, 64)
		if !ok || !ok2 || err != nil {
			return appended{}, errReply
		}
		if a.repeats == nil {
			a.repeats = make(map[int]repeat)
		}
		a.repeats[int(place)-1] = repeat{prev, member}
	}
	return a, nil
}

func isNoScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }

// loadScripts makes sure that pipelines find the scripts they name by hash. It does
// so one by one: loaded within a pipeline, go-redis forgets a script's hash.
func loadScripts(ctx context.Context, client *redis.Client) error {
	for _, s := range allScripts {
		if err := s.Load(ctx, client).Err(); err != nil {
			return fmt.Errorf("load scripts: %w", err)
		}
	}
	return nil
}
