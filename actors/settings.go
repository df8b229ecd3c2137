package actors

// Settings are the chat's, read from the environment.
type Settings struct {
	HistorySize  int     `env:"HISTORY_SIZE" envDefault:"20"`
	MaxTextBytes int     `env:"MAX_TEXT_BYTES" envDefault:"4096"`
	FrameRate    float64 `env:"FRAME_RATE" envDefault:"400"`
	MessageRate  float64 `env:"MESSAGE_RATE" envDefault:"200"`
	// ConversationRate is how many conversations a minute a name may open.
	ConversationRate float64 `env:"CONVERSATION_RATE" envDefault:"60"`
}
