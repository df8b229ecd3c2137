package load

// dialect is what a client says to one kind of server, and how it understands the answers. It holds no state: what belongs
// to a connection is in the conn.
type dialect interface {
	// path is where the upgrade is asked for.
	path() string

	// hello appends the frames that make a connected client a member.
	hello(dst []byte, c *conn) []byte

	// publish appends the frame that says text to everyone.
	publish(dst []byte, c *conn, text []byte) []byte

	// direct appends the frame that says text to peer alone. Only where directs is true.
	direct(dst []byte, c, peer *conn, text []byte) []byte
	directs() bool

	// hear takes one text frame of the server.
	hear(c *conn, payload []byte, e *ear)
}
