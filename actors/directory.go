package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/protocol"
)

// What the bridge is asked of which rooms there are; as bridge.go says of all that it is asked.

// FindRoom asks for the room that a name is of, and, where there is none and Make says so, has it
// made; answered by RoomFound, at the latest at Until.
type FindRoom struct {
	To    *actor.PID
	Op    uint64
	Name  string
	Make  bool
	Until time.Time
}

// RoomFound answers FindRoom.
type RoomFound struct {
	Op   uint64
	Name string // as it was spelled first
	Made bool   // there was none
	Code protocol.Code
}

// KeepRooms has rooms be there, whoever enters them.
type KeepRooms struct {
	Names []string
}

// ListRooms asks for rooms by their keys; answered by RoomsListed, at the latest at Until.
type ListRooms struct {
	To    *actor.PID
	Op    uint64
	After string         // a key; "" from the first on
	Grant protocol.Grant // for those alone
	Until time.Time
}

// RoomsListed answers ListRooms.
type RoomsListed struct {
	Op    uint64
	Rooms []protocol.RoomSize
	More  bool
	Code  protocol.Code
}

// Visit notes how far a name has followed a room, or that it has left it. It is a hint for other
// devices, and may be lost.
type Visit struct {
	User  string
	Place protocol.Place
	Left  bool
}
