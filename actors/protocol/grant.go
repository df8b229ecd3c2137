package protocol

import (
	"slices"
	"strings"
)

// Grant says which rooms a signed identity may enter and make: the keys of their names, where * at the
// end of one stands for anything. They are in order, and none is part of another. A nil one is for
// all rooms.
type Grant []string

// NewGrant makes one of what an issuer says. What can't be the name of a room is none.
func NewGrant(names []string) Grant {
	grant := Grant{}
	for _, name := range names {
		prefix, open := strings.CutSuffix(name, "*")
		if open && strings.TrimSpace(prefix) == "" {
			return nil
		}
		room, err := ParseRoom(prefix)
		if err != nil {
			continue
		}
		key := RoomKey(room)
		if open {
			if strings.HasSuffix(prefix, " ") {
				key += " " // which the profile has trimmed
			}
			key += "*"
		}
		grant = append(grant, key)
	}
	slices.Sort(grant)
	grant = slices.Compact(grant)
	return slices.DeleteFunc(slices.Clone(grant), func(key string) bool {
		return slices.ContainsFunc(grant, func(other string) bool {
			prefix, open := strings.CutSuffix(other, "*")
			return open && other != key && strings.HasPrefix(key, prefix)
		})
	})
}

// Has says whether it is for the room with a key.
func (g Grant) Has(key string) bool {
	return g == nil || slices.ContainsFunc(g, func(of string) bool {
		prefix, open := strings.CutSuffix(of, "*")
		return of == key || open && strings.HasPrefix(key, prefix)
	})
}
