// Package protocol is what is said on the wire: what clients ask for, taken apart; what the server
// says, encoded once; names, and which of them are confused with each other; the closed lists of
// error and close codes; and the shape in which a log holds what was said. It is pure, knows no
// actor, and imports nothing of ours. docs/protocol.md says the same to those who write clients.
package protocol
