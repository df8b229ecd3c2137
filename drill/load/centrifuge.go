package load

import (
	"bytes"
	"strconv"
)

// centrifuge is the JSON protocol of Centrifuge: commands and replies one per line, several in a frame.
type centrifuge struct{}

// everyone is the channel of those who are in no room.
const everyone = "chat"

// What lines begin with or hold, in the order the server writes their fields.
var (
	centrifugePush    = []byte(`{"push":{"channel":"`)
	centrifugePub     = []byte(`","pub":`)
	centrifugeError   = []byte(`"error":{`)
	centrifugeConnect = []byte(`"connect":{`)
	centrifugeJoin    = []byte(`"subscribe":{`)
	centrifugeAnswer  = []byte(`"publish":{`)
	centrifugePing    = []byte(`{}`)
)

func (centrifuge) path() string { return "/connection/websocket" }

func (centrifuge) directs() bool { return false }

func (centrifuge) hello(dst []byte, c *conn) []byte {
	c.said = 1 // the id of the command below is taken
	lines := []byte(`{"id":1,"connect":{}}`)
	subscribe := func(channel string) {
		c.said++
		lines = strconv.AppendInt(append(lines, "\n"+`{"id":`...), c.said, 10)
		lines = append(append(append(lines, `,"subscribe":{"channel":"`...), channel...), `"}}`...)
	}
	for _, room := range c.rooms {
		subscribe(roomName(room))
	}
	if len(c.rooms) == 0 {
		subscribe(everyone)
	}
	return appendFrame(dst, opText, lines)
}

// publish sends what a chat would: who says it, and the text.
func (centrifuge) publish(dst []byte, c *conn, text []byte) []byte {
	c.said++
	line := append(c.text[:0], `{"id":`...)
	line = strconv.AppendInt(line, c.said, 10)
	channel := everyone
	if len(c.rooms) > 0 {
		channel = roomName(c.room())
	}
	line = append(append(line, `,"publish":{"channel":"`...), channel...)
	line = append(line, `","data":{"user":"`...)
	line = append(line, c.name...)
	line = append(line, `","text":"`...)
	line = append(line, text...)
	line = append(line, `"}}}`...)
	c.text = line
	return appendFrame(dst, opText, line)
}

func (centrifuge) direct(dst []byte, _, _ *conn, _ []byte) []byte { return dst }

func (p centrifuge) hear(c *conn, payload []byte, e *ear) {
	for len(payload) > 0 {
		line := payload
		if end := bytes.IndexByte(payload, '\n'); end >= 0 {
			line, payload = payload[:end], payload[end+1:]
		} else {
			payload = nil
		}
		switch push, is := bytes.CutPrefix(line, centrifugePush); {
		case !is:
			p.hearReply(c, line, e)
		case bytes.HasPrefix(push[max(0, bytes.IndexByte(push, '"')):], centrifugePub):
			e.delivery(c, line)
		default: // who came to a room, or went
			e.PresenceFrames++
			e.PresenceBytes += int64(len(line))
		}
	}
}

func (centrifuge) hearReply(c *conn, line []byte, e *ear) {
	switch {
	case bytes.Equal(line, centrifugePing):
		c.send(appendFrame(nil, opText, centrifugePing)) // a client that does not answer is disconnected
	case bytes.Contains(line, centrifugeError):
		e.failure(line)
	case bytes.Contains(line, centrifugeAnswer):
		e.Answers++
	case bytes.Contains(line, centrifugeJoin) && len(c.rooms) > 0:
		e.Entered++
	case bytes.Contains(line, centrifugeJoin):
		e.Joined++
	case bytes.Contains(line, centrifugeConnect):
		e.Told++
		if len(c.rooms) > 0 {
			e.Joined++
		}
	}
}
