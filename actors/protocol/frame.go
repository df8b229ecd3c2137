package protocol

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// What the server says, encoded once, byte for byte as the protocol in docs/protocol.md
// gives it. Encoding is by hand because a log holds the very bytes that clients
// are sent, and the append script builds the same bytes around an id.

const (
	finText     = 0x81 // RFC 6455 §5.2: the last fragment, of a text message
	payload16   = 126  // the payload's length follows in 16 bits
	payload64   = 127  // the payload's length follows in 64 bits
	longest7    = 125  // bytes of payload whose length fits the second byte
	longest16   = 1<<16 - 1
	micros      = 1_000_000 // an id in µs to the whole seconds of "time"
	MaxMembers  = 1000      // names a frame lists at most
	hexadecimal = "0123456789abcdef"
)

// AppendFrame appends payload as one unmasked WebSocket text frame (RFC 6455
// §5.2), ready for the socket.
func AppendFrame[T []byte | string](dst []byte, payload T) []byte {
	dst = appendFrameHeader(dst, len(payload))
	return append(dst, payload...)
}

// FrameSize is how many bytes AppendFrame appends for a payload of n bytes.
func FrameSize(n int) int { return headerSize(n) + n }

func headerSize(n int) int {
	switch {
	case n <= longest7:
		return 2
	case n <= longest16:
		return 4
	default:
		return 10
	}
}

func appendFrameHeader(dst []byte, n int) []byte {
	switch {
	case n <= longest7:
		return append(dst, finText, byte(n))
	case n <= longest16:
		return binary.BigEndian.AppendUint16(append(dst, finText, payload16), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, finText, payload64), uint64(n))
	}
}

// FrameLen is how many bytes the first of some frames that AppendFrame made has.
func FrameLen(frames []byte) int {
	switch n := frames[1]; n {
	case payload16:
		return 4 + int(binary.BigEndian.Uint16(frames[2:]))
	case payload64:
		return 10 + int(binary.BigEndian.Uint64(frames[2:]))
	default:
		return 2 + int(n)
	}
}

// payloadOf gives the payload of a frame that AppendFrame made.
func payloadOf(frame []byte) []byte {
	switch frame[1] {
	case payload16:
		return frame[4:]
	case payload64:
		return frame[10:]
	default:
		return frame[2:]
	}
}

// AppendBody appends what a message says between its id and its time: user, to or room
// (where they are not empty) and text. The append script puts it into the log.
func AppendBody(dst []byte, user, to, room, text string) []byte {
	dst = appendString(append(dst, `,"user":`...), user)
	if to != "" {
		dst = appendString(append(dst, `,"to":`...), to)
	}
	return appendString(append(appendRoom(dst, room), `,"text":`...), text)
}

// appendRoom appends which room a frame is of; the public one has no name.
func appendRoom(dst []byte, room string) []byte {
	if room == "" {
		return dst
	}
	return appendString(append(dst, `,"room":`...), room)
}

// appendRef appends which frame of the client's is answered, if it had a reference.
func appendRef(dst []byte, ref string) []byte {
	if ref == "" {
		return dst
	}
	return append(append(append(dst, `,"ref":"`...), ref...), '"')
}

// appendString appends s as a JSON string (RFC 8259 §7), escaping only what must
// be. Bytes that are no UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexadecimal[c>>4], hexadecimal[c&0xf])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

// framed makes a frame of what build appends. The header's size depends on the
// payload's, so its place is kept free and what is not used is cut off.
func framed(sizeHint int, build func(dst []byte) []byte) []byte {
	const room = 10 // bytes of the longest header
	dst := build(make([]byte, room, room+sizeHint))
	n := len(dst) - room
	start := room - headerSize(n)
	appendFrameHeader(dst[start:start], n)
	return dst[start:]
}

func appendMessages(dst []byte, entries []Entry) []byte {
	dst = append(dst, '[')
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, payloadOf(e.Frame)...)
	}
	return append(dst, ']')
}

// AppendMembers appends names and the count of all, as init and members hold
// them; list is left out (and so is its comma) where names is nil.
func AppendMembers(dst []byte, names []string, count int) []byte {
	if names != nil {
		dst = append(dst, `"members":[`...)
		for i, name := range names[:min(len(names), MaxMembers)] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, name)
		}
		dst = append(dst, `],`...)
	}
	return strconv.AppendInt(append(dst, `"member_count":`...), int64(count), 10)
}

// InitFrame: members is what appendMembers made.
func InitFrame(members []byte, history []Entry, cursor int64, truncated bool) []byte {
	return framed(len(members)+SizeOf(history)+128, func(dst []byte) []byte {
		dst = append(append(dst, `{"type":"init",`...), members...)
		dst = appendMessages(append(dst, `,"history":`...), history)
		dst = strconv.AppendInt(append(dst, `,"cursor":`...), cursor, 10)
		dst = strconv.AppendBool(append(dst, `,"truncated":`...), truncated)
		return append(dst, '}')
	})
}

func WelcomeFrame(name string) []byte {
	return AppendFrame(nil, []byte("Welcome "+name+"!"))
}

// JoinedFrame tells a client that it has a name, and what waited for it; rooms are those that the
// name was in last.
func JoinedFrame(name, token string, dms []Entry, cursor int64, conversations []Conversation, rooms []Place, truncated bool) []byte {
	return framed(SizeOf(dms)+48*(len(conversations)+len(rooms))+256, func(dst []byte) []byte {
		dst = appendString(append(dst, `{"type":"joined","name":`...), name)
		dst = appendString(append(dst, `,"token":`...), token)
		dst = appendMessages(append(dst, `,"dms":`...), dms)
		dst = strconv.AppendInt(append(dst, `,"cursor":`...), cursor, 10)
		dst = append(dst, `,"conversations":[`...)
		for i, c := range conversations {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(dst, `{"peer":`...), c.Peer)
			dst = append(strconv.AppendInt(append(dst, `,"id":`...), c.ID, 10), '}')
		}
		dst = append(dst, `],"rooms":[`...)
		for i, r := range rooms {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(dst, `{"room":`...), r.Room)
			dst = append(strconv.AppendInt(append(dst, `,"cursor":`...), r.Cursor, 10), '}')
		}
		dst = strconv.AppendBool(append(dst, `],"truncated":`...), truncated)
		return append(dst, '}')
	})
}

// MemberFrame tells one change of presence in a room; kind is member_add or member_remove.
func MemberFrame(kind, room, name string, count int) []byte {
	return framed(len(room)+len(name)+64, func(dst []byte) []byte {
		dst = append(append(append(dst, `{"type":"`...), kind...), '"')
		dst = appendString(append(appendRoom(dst, room), `,"name":`...), name)
		return append(strconv.AppendInt(append(dst, `,"count":`...), int64(count), 10), '}')
	})
}

// MembersFrame: members is what appendMembers made.
func MembersFrame(room string, members []byte) []byte {
	return framed(len(room)+len(members)+48, func(dst []byte) []byte {
		dst = append(appendRoom(append(dst, `{"type":"members"`...), room), ',')
		return append(append(dst, members...), '}')
	})
}

func AckFrame(dst []byte, ref string, id int64) []byte {
	var payload [longestRef + 64]byte
	p := append(append(payload[:0], `{"type":"ack","ref":"`...), ref...)
	p = append(strconv.AppendInt(append(p, `","id":`...), id, 10), '}')
	return AppendFrame(dst, p)
}

func ErrorFrame(dst []byte, code Code, ref string, retryMS int64) []byte {
	p := append(append(make([]byte, 0, 256), `{"type":"error","code":"`...), code...)
	p = appendString(append(p, `","message":`...), codeMessages[code])
	p = appendRef(p, ref)
	if retryMS > 0 {
		p = strconv.AppendInt(append(p, `,"retry_ms":`...), retryMS, 10)
	}
	return AppendFrame(dst, append(p, '}'))
}

// HistoryFrame answers history, dmhistory with its peer, and roomhistory with its room.
func HistoryFrame(ref, peer, room string, messages []Entry, more bool) []byte {
	return framed(SizeOf(messages)+len(peer)+len(room)+128, func(dst []byte) []byte {
		dst = appendRoom(appendRef(append(dst, `{"type":"history"`...), ref), room)
		if peer != "" {
			dst = appendString(append(dst, `,"peer":`...), peer)
		}
		dst = appendMessages(append(dst, `,"messages":`...), messages)
		return append(strconv.AppendBool(append(dst, `,"more":`...), more), '}')
	})
}

func PongFrame(dst []byte, data string) []byte {
	p := appendString(append(make([]byte, 0, len(data)+32), `{"type":"pong","data":`...), data)
	return AppendFrame(dst, append(p, '}'))
}

func DrainFrame(afterMS int64) []byte {
	p := strconv.AppendInt([]byte(`{"type":"drain","after_ms":`), afterMS, 10)
	return AppendFrame(nil, append(p, '}'))
}
