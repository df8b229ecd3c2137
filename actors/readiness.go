package actors

// Trouble is why a node does not serve clients well, in a word that anybody may be told. The list is
// closed: what operators need to know beyond it stands beside it.
type Trouble string

const (
	// NoTrouble: messages go round.
	NoTrouble Trouble = ""
	// TroubleRedis: messages do not go round through Redis.
	TroubleRedis Trouble = "redis"
	// TroubleMemory: Redis has none left, and refuses what is said.
	TroubleMemory Trouble = "memory"
	// TroubleDraining: the node is going away.
	TroubleDraining Trouble = "draining"
)

// Readiness is whether a node serves clients well.
type Readiness struct {
	Trouble Trouble
	Detail  string // why, for operators; no secrets. Empty without trouble
}
