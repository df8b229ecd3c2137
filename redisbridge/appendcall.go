package redisbridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

// body is what of a message stands between its id and its time.
func body(user, to, room, text string) string {
	dst := make([]byte, 0, len(text)+len(user)+len(to)+len(room)+48)
	return string(append(protocol.AppendBody(dst, user, to, room, text), `,"time":`...))
}

// appendCall is one call of the append script.
type appendCall struct {
	log         actors.Log
	keep, slack int
	life        int64 // seconds
	seen, floor int64
	fence       int64 // the end of this node's lease; 0: what was begun is to be ended
	waits       bool  // for a name that nobody has claimed
	messages    []appendMessage
	cmd         *redis.Cmd
}

type appendMessage struct {
	of    int // its place in the batch
	ref   string
	since int64
	body  string
}

func (c *appendCall) add(of int, ref string, since int64, body string) {
	c.messages = append(c.messages, appendMessage{of, ref, since, body})
}

func (c *appendCall) keys() []string {
	key := logKey(c.log)
	if c.waits {
		return append(logKeys(key), waitingKey(key))
	}
	return logKeys(key)
}

func (c *appendCall) args() []any {
	k := kindOf(c.log)
	args := make([]any, 0, 8+3*len(c.messages))
	args = append(args, c.keep, c.slack, c.seen, c.floor, c.life, flag(k.events), k.head, c.fence)
	for i := range c.messages {
		m := &c.messages[i]
		args = append(args, &m.ref, &m.since, &m.body)
	}
	return args
}

// place tells of each message what became of it, and whether the log holds it, and gives the
// newest id of those that it does. All frames share their bytes.
func (c *appendCall) place(r appendReply, stored func(i int, e logEntry, kept bool)) (newest int64) {
	head, size := kindOf(c.log).head, 0
	for i := range c.messages {
		size += protocol.FrameSize(len(head) + len(c.messages[i].body) + roomForNumbers)
	}
	frames, payload := make([]byte, 0, size), []byte(nil)
	prev := r.prev
	for i, id := range r.ids {
		m := &c.messages[i]
		e := logEntry{log: c.log, prev: prev}
		before, isRepeat := r.repeats[i]
		if isRepeat {
			e.prev, e.again = before.prev, before.member != ""
		} else {
			prev = id
		}
		if e.again {
			payload = append(payload[:0], before.member...)
		} else {
			payload = m.appendPayload(payload[:0], head, id)
		}
		from := len(frames)
		frames = protocol.AppendFrame(frames, payload)
		e.entry = protocol.Entry{ID: id, Ref: m.ref, Frame: frames[from:len(frames):len(frames)]}
		kept := e.again || !isRepeat
		if kept {
			newest = max(newest, id)
		}
		stored(m.of, e, kept)
	}
	return newest
}

// roomForNumbers is at least what an id, a time and the last brace take.
const roomForNumbers = 32

// appendPayload appends what the script makes of the message.
func (m *appendMessage) appendPayload(dst []byte, head string, id int64) []byte {
	if head == "" {
		dst = strconv.AppendInt(append(dst, m.body...), id, 10)
	} else {
		dst = append(strconv.AppendInt(append(dst, head...), id, 10), m.body...)
		dst = strconv.AppendInt(dst, id/1_000_000, 10)
	}
	return append(dst, '}')
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// appendReply is what the script answered.
type appendReply struct {
	prev    int64 // the log's newest id before
	ids     []int64
	repeats map[int]repeat // those that were stored before, by the message's place
}

// repeat is what the log holds of a message that was stored before.
type repeat struct {
	prev   int64  // the id before it
	member string // "" if the log no longer keeps it
}

var (
	// errMalformed is of an answer of a script that can't be read.
	errMalformed = errors.New("malformed answer of a script")
	// errBehind is a refusal by a log that lacks what was seen in it. It changed nothing.
	errBehind = errors.New("the log lacks messages")
)

// reply reads what the script answered.
func (c *appendCall) reply() (appendReply, error) {
	r, err := parseAppendReply(c.cmd.Slice())
	if err == nil && len(r.ids) != len(c.messages) {
		err = errMalformed
	}
	return r, err
}

func parseAppendReply(reply []any, err error) (appendReply, error) {
	switch {
	case err != nil:
		return appendReply{}, err
	case len(reply) == 1 && reply[0] == "lapsed":
		return appendReply{}, errLapsed
	case len(reply) < 2:
		return appendReply{}, errMalformed
	case reply[0] == "behind":
		return appendReply{}, errBehind
	}
	prev, _ := reply[0].(string)
	ids, _ := reply[1].(string)
	r := appendReply{ids: make([]int64, 0, strings.Count(ids, " ")+1)}
	if r.prev, err = strconv.ParseInt(prev, 10, 64); err != nil {
		return appendReply{}, errMalformed
	}
	for id := range strings.SplitSeq(ids, " ") {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return appendReply{}, errMalformed
		}
		r.ids = append(r.ids, n)
	}
	for i := 2; i+2 < len(reply); i += 3 {
		place, ok := reply[i].(int64)
		before, _ := reply[i+1].(string)
		member, ok2 := reply[i+2].(string)
		prev, err := strconv.ParseInt(before, 10, 64)
		if !ok || !ok2 || err != nil {
			return appendReply{}, errMalformed
		}
		if r.repeats == nil {
			r.repeats = make(map[int]repeat)
		}
		r.repeats[int(place)-1] = repeat{prev, member}
	}
	return r, nil
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
