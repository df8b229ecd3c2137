package protocol

import "strconv"

// What only rooms with a name are told by; the rest is told as of the public one.

// EnteredFrame answers enter: members is what AppendMembers made.
func EnteredFrame(ref, room string, members []byte, history []Entry, cursor int64, truncated bool) []byte {
	return framed(len(members)+SizeOf(history)+len(ref)+len(room)+128, func(dst []byte) []byte {
		dst = appendRoom(appendRef(append(dst, `{"type":"entered"`...), ref), room)
		dst = append(append(dst, ','), members...)
		dst = appendMessages(append(dst, `,"history":`...), history)
		dst = strconv.AppendInt(append(dst, `,"cursor":`...), cursor, 10)
		dst = strconv.AppendBool(append(dst, `,"truncated":`...), truncated)
		return append(dst, '}')
	})
}

// ExitedFrame is the last of a room on a connection.
func ExitedFrame(ref, room string, reason Reason) []byte {
	return framed(len(ref)+len(room)+64, func(dst []byte) []byte {
		dst = appendRoom(appendRef(append(dst, `{"type":"exited"`...), ref), room)
		return append(append(append(dst, `,"reason":"`...), reason...), `"}`...)
	})
}

// RoomsFrame answers rooms.
func RoomsFrame(ref string, rooms []RoomSize, more bool) []byte {
	return framed(96*len(rooms)+128, func(dst []byte) []byte {
		dst = append(appendRef(append(dst, `{"type":"rooms"`...), ref), `,"rooms":[`...)
		for i, r := range rooms {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(dst, `{"room":`...), r.Room)
			dst = append(strconv.AppendInt(append(dst, `,"members":`...), r.Members, 10), '}')
		}
		return append(strconv.AppendBool(append(dst, `],"more":`...), more), '}')
	})
}
