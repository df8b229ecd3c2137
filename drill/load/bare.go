package load

// bare is the loop without a protocol: what one says is what all hear, and connecting is all it takes.
type bare struct{}

func (bare) path() string { return "/ws" }

func (bare) directs() bool { return false }

func (bare) hello(dst []byte, _ *conn) []byte { return dst }

func (bare) publish(dst []byte, _ *conn, text []byte) []byte { return appendFrame(dst, opText, text) }

func (bare) direct(dst []byte, _, _ *conn, _ []byte) []byte { return dst }

func (bare) hear(c *conn, payload []byte, e *ear) { e.delivery(c, payload) }
