package actors

import (
	"errors"
	"fmt"
)

// Settings are the chat's, read from the environment.
type Settings struct {
	HistorySize  int     `env:"HISTORY_SIZE" envDefault:"20" meaning:"public messages sent on connect, 0 to 1000"`
	MaxTextBytes int     `env:"MAX_TEXT_BYTES" envDefault:"4096" meaning:"longest text of a message in bytes of UTF-8, up to 12288"`
	FrameRate    float64 `env:"FRAME_RATE" envDefault:"400" meaning:"frames a second that a connection may send on average, 10 s of them at once; 0: no limit"`
	MessageRate  float64 `env:"MESSAGE_RATE" envDefault:"200" meaning:"messages a second that a name may send on average over all its connections to a node, 10 s of them at once; 0: no limit"`
	// ConversationRate is how many conversations a minute a name may open.
	ConversationRate float64 `env:"CONVERSATION_RATE" envDefault:"60" meaning:"conversations a minute that a name may open on average, 10 minutes of them at once; 0: no limit"`
	// ReservedNames are, unless set, what the page puts where names stand, and who people think runs a chat.
	ReservedNames []string `env:"RESERVED_NAMES" envDefault:"Everyone,Parley,Conversations,Here now,system,admin,moderator" meaning:"names, separated by commas, that nobody can take without a signed identity, nor what compares equal to them; empty: none"`
}

const (
	longestText    = 12 << 10 // bytes; with its verb, names and ref it fits a frame
	longestHistory = 1000     // messages
)

// validate names the setting that can't be meant.
func (s Settings) validate() error {
	switch {
	case s.HistorySize < 0 || s.HistorySize > longestHistory:
		return fmt.Errorf("HISTORY_SIZE is not 0 to %d", longestHistory)
	case s.MaxTextBytes < 1 || s.MaxTextBytes > longestText:
		return fmt.Errorf("MAX_TEXT_BYTES is not 1 to %d", longestText)
	case s.FrameRate < 0:
		return errors.New("FRAME_RATE is negative")
	case s.MessageRate < 0:
		return errors.New("MESSAGE_RATE is negative")
	case s.ConversationRate < 0:
		return errors.New("CONVERSATION_RATE is negative")
	}
	return nil
}
