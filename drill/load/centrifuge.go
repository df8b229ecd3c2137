package load

import (
	"bytes"
	"strconv"
)

// centrifuge is the JSON protocol of Centrifuge: commands and replies one per line, several in a frame.
type centrifuge struct{}

// What lines begin with or hold, in the order the server writes their fields.
var (
	centrifugePub     = []byte(`{"push":{"channel":"chat","pub":`)
	centrifugeError   = []byte(`"error":{`)
	centrifugeConnect = []byte(`"connect":{`)
	centrifugeJoin    = []byte(`"subscribe":{`)
	centrifugeAnswer  = []byte(`"publish":{`)
	centrifugePing    = []byte(`{}`)
)

func (centrifuge) path() string { return "/connection/websocket" }

func (centrifuge) directs() bool { return false }

func (centrifuge) hello(dst []byte, c *conn) []byte {
	c.said = 2 //nolint:mnd // the ids of the two commands below are taken
	return appendFrame(dst, opText, []byte(`{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"channel":"chat"}}`))
}

// publish sends what a chat would: who says it, and the text.
func (centrifuge) publish(dst []byte, c *conn, text []byte) []byte {
	c.said++
	line := append(c.text[:0], `{"id":`...)
	line = strconv.AppendInt(line, c.said, 10)
	line = append(line, `,"publish":{"channel":"chat","data":{"user":"`...)
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
		if bytes.HasPrefix(line, centrifugePub) {
			e.delivery(c, line)
			continue
		}
		p.hearReply(c, line, e)
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
	case bytes.Contains(line, centrifugeJoin):
		e.Joined++
	case bytes.Contains(line, centrifugeConnect):
		e.Told++
	}
}
