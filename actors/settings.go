package actors

import (
	"fmt"
	"strings"

	"parley/actors/protocol"
)

// Settings are the chat's, read from the environment.
type Settings struct {
	HistorySize  int     `env:"HISTORY_SIZE" envDefault:"20" meaning:"public messages sent on connect, 0 to 1000"`
	MaxTextBytes int     `env:"MAX_TEXT_BYTES" envDefault:"4096" meaning:"longest text of a message in bytes of UTF-8, up to 12288"`
	FrameRate    float64 `env:"FRAME_RATE" envDefault:"20" meaning:"frames a second that a connection may send on average, pings, pongs and fragments included, 10 s of them at once; 0: no limit"`
	MessageRate  float64 `env:"MESSAGE_RATE" envDefault:"2" meaning:"messages a second that a name may send on average over all its connections to a node, 10 s of them at once; 0: no limit"`
	// ConversationRate is how many conversations a minute a name may open.
	ConversationRate float64 `env:"CONVERSATION_RATE" envDefault:"5" meaning:"conversations a minute that a name may open on average, 10 minutes of them at once; 0: no limit"`
	// ReservedNames are, unless set, what the page puts where names stand, and who people think runs a chat.
	ReservedNames []string `env:"RESERVED_NAMES" envDefault:"Everyone,Parley,Conversations,Here now,system,admin,moderator" meaning:"names, separated by commas, that nobody can take without a signed identity, nor what is confused with them; empty: none"`

	// The budgets of an address hold for all its connections and names on a node: an IPv4
	// address, or an IPv6 /64; a /48 has four times as much.
	MessageRatePerIP      *float64 `env:"MESSAGE_RATE_PER_IP" meaning:"messages a second from an IPv4 address or an IPv6 /64, 10 s of them at once; 0: no limit (default 5; none from loopback)"`
	ByteRatePerIP         *float64 `env:"BYTE_RATE_PER_IP" meaning:"bytes a second that such an address says or asks to be told again, 16 s of them at once; 0: no limit (default 65536; none from loopback)"`
	JoinRatePerIP         *float64 `env:"JOIN_RATE_PER_IP" meaning:"joins a minute from such an address, a minute of them at once; 0: no limit (default 30; none from loopback)"`
	ConversationRatePerIP *float64 `env:"CONVERSATION_RATE_PER_IP" meaning:"conversations a minute that such an address may open, 10 minutes of them at once; 0: no limit (default 15; none from loopback)"`

	// Rooms, but for the one where everybody is.
	RoomsPerConnection int      `env:"ROOMS_PER_CONNECTION" envDefault:"50" meaning:"rooms that a connection may have entered at once, 0 to 1000"`
	RoomsPerNode       int      `env:"ROOMS_PER_NODE" envDefault:"20000" meaning:"rooms that this node's connections may be in together"`
	RoomCreate         string   `env:"ROOM_CREATE" envDefault:"anyone" meaning:"anyone: a room comes to be when somebody enters it; nobody: there are those of ROOMS, and those that were made before"`
	Rooms              []string `env:"ROOMS" meaning:"rooms, separated by commas, that are there whoever enters them"`
	EnterRate          float64  `env:"ENTER_RATE" envDefault:"120" meaning:"rooms a minute that a name may enter on average over all its connections to a node, a minute of them at once; leaving counts, too; 0: no limit"`
	EnterRatePerIP     *float64 `env:"ENTER_RATE_PER_IP" meaning:"the same for an IPv4 address or an IPv6 /64; 0: no limit (default 600; none from loopback)"`
	RoomRate           float64  `env:"ROOM_RATE" envDefault:"10" meaning:"rooms an hour that a name may make on average, an hour of them at once; 0: no limit"`
	RoomRatePerIP      *float64 `env:"ROOM_RATE_PER_IP" meaning:"the same for an IPv4 address or an IPv6 /64; 0: no limit (default 20; none from loopback)"`
}

const (
	longestText    = 12 << 10 // bytes; with its verb, names and ref it fits a frame
	longestHistory = 1000     // messages
	fastestRate    = 1e9      // more is a mistake
	mostRooms      = 1000     // of a connection
	mostRoomsHere  = 1 << 20  // of a node; at some 3 KiB each
)

// What ROOM_CREATE may be.
const (
	anyoneMakesRooms = "anyone"
	nobodyMakesRooms = "nobody"
)

// validate names the setting that can't be meant.
func (s Settings) validate() error {
	switch {
	case s.HistorySize < 0 || s.HistorySize > longestHistory:
		return fmt.Errorf("HISTORY_SIZE is not 0 to %d", longestHistory)
	case s.MaxTextBytes < 1 || s.MaxTextBytes > longestText:
		return fmt.Errorf("MAX_TEXT_BYTES is not 1 to %d", longestText)
	case s.RoomsPerConnection < 0 || s.RoomsPerConnection > mostRooms:
		return fmt.Errorf("ROOMS_PER_CONNECTION is not 0 to %d", mostRooms)
	case s.RoomsPerNode < 0 || s.RoomsPerNode > mostRoomsHere:
		return fmt.Errorf("ROOMS_PER_NODE is not 0 to %d", mostRoomsHere)
	case s.RoomCreate != "" && s.RoomCreate != anyoneMakesRooms && s.RoomCreate != nobodyMakesRooms:
		return fmt.Errorf("ROOM_CREATE is not %s or %s", anyoneMakesRooms, nobodyMakesRooms)
	}
	for _, rate := range []struct {
		name string
		is   *float64
	}{
		{"FRAME_RATE", &s.FrameRate},
		{"MESSAGE_RATE", &s.MessageRate},
		{"CONVERSATION_RATE", &s.ConversationRate},
		{"MESSAGE_RATE_PER_IP", s.MessageRatePerIP},
		{"BYTE_RATE_PER_IP", s.ByteRatePerIP},
		{"JOIN_RATE_PER_IP", s.JoinRatePerIP},
		{"CONVERSATION_RATE_PER_IP", s.ConversationRatePerIP},
		{"ENTER_RATE", &s.EnterRate},
		{"ENTER_RATE_PER_IP", s.EnterRatePerIP},
		{"ROOM_RATE", &s.RoomRate},
		{"ROOM_RATE_PER_IP", s.RoomRatePerIP},
	} {
		if rate.is != nil && !(*rate.is >= 0 && *rate.is <= fastestRate) {
			return fmt.Errorf("%s is not 0 to %d", rate.name, int(fastestRate))
		}
	}
	return nil
}

// keptRooms are the entries of ROOMS, and how they are spelled; blank ones are none.
func keptRooms(entries []string) (map[Log]string, error) {
	kept := map[Log]string{}
	for _, entry := range entries {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		name, err := protocol.ParseRoom(entry)
		if err != nil {
			return nil, fmt.Errorf("ROOMS: %q: %w", entry, err)
		}
		kept[Room(name)] = name
	}
	return kept, nil
}
