package load

import (
	"bytes"
	"strconv"
)

// parley is the protocol of this project. Every message bears a reference and so is answered: Centrifuge answers each too.
type parley struct{}

// What frames begin with, in the order the server writes their fields.
var (
	parleyMsg     = []byte(`{"type":"msg"`)
	parleyDM      = []byte(`{"type":"dm"`)
	parleyAck     = []byte(`{"type":"ack"`)
	parleyMember  = []byte(`{"type":"member`) // member_add, member_remove and members
	parleyInit    = []byte(`{"type":"init"`)
	parleyError   = []byte(`{"type":"error"`)
	parleyEntered = []byte(`{"type":"entered"`)
	parleyWelcome = []byte("Welcome ")
)

func (parley) path() string { return "/ws" }

func (parley) directs() bool { return true }

func (parley) hello(dst []byte, c *conn) []byte {
	dst = appendFrame(dst, opText, []byte("join:"+c.name))
	for _, room := range c.rooms {
		dst = appendFrame(dst, opText, []byte("enter:"+roomName(room)))
	}
	return dst
}

// roomName is of the room with a number.
func roomName(number int) string { return "r" + strconv.Itoa(number) }

func (p parley) publish(dst []byte, c *conn, text []byte) []byte {
	if len(c.rooms) > 0 {
		room := c.room()
		c.text = append(append(p.verb(c, "room"), roomName(room)...), ':')
	} else {
		c.text = p.verb(c, "msg")
	}
	c.text = append(c.text, text...)
	return appendFrame(dst, opText, c.text)
}

func (p parley) direct(dst []byte, c, peer *conn, text []byte) []byte {
	c.text = p.verb(c, "dm")
	c.text = append(c.text, peer.name...)
	c.text = append(c.text, ':')
	c.text = append(c.text, text...)
	return appendFrame(dst, opText, c.text)
}

// verb begins a frame with the verb, the next reference of this connection and its name.
func (parley) verb(c *conn, verb string) []byte {
	c.said++
	dst := append(c.text[:0], verb...)
	dst = append(dst, '#')
	dst = strconv.AppendInt(dst, c.said, 10)
	dst = append(dst, ':')
	dst = append(dst, c.name...)
	return append(dst, ':')
}

func (parley) hear(c *conn, payload []byte, e *ear) {
	switch {
	case bytes.HasPrefix(payload, parleyMsg), bytes.HasPrefix(payload, parleyDM):
		e.delivery(c, payload)
	case bytes.HasPrefix(payload, parleyAck):
		e.Answers++
	case bytes.HasPrefix(payload, parleyMember):
		e.PresenceFrames++
		e.PresenceBytes += int64(len(payload))
	case bytes.HasPrefix(payload, parleyEntered):
		e.Entered++
	case bytes.HasPrefix(payload, parleyInit):
		e.Told++
	case bytes.HasPrefix(payload, parleyWelcome):
		e.Joined++
	case bytes.HasPrefix(payload, parleyError):
		e.failure(payload)
	}
}
