package actors

import (
	"strconv"

	"github.com/asynkron/protoactor-go/actor"

	"parley/actors/engine"
	"parley/actors/protocol"
)

// connected asks for a session for a new connection; the chat's table has it
// already, so that a lost request costs nothing.
type connected struct{ conn *Connection }

// drainAll tells every session that this node is going away.
type drainAll struct{}

// hangUpAll tells every session to close its connection once its outbox is empty.
type hangUpAll struct{}

// giveUpAfter is how many failures within the window a session may have: what
// makes it fail is then most likely in its own state, and a client that connects
// again gets a fresh one.
const giveUpAfter = 20

// sessions is the parent of the session actors. When it begins it makes one for
// each open connection, so its death costs nobody a socket.
type sessions struct {
	engine.Parent[*Connection]
	chat *Chat
}

func newSessions(chat *Chat) *sessions {
	produce := func(conn *Connection) actor.Actor { return &session{chat: chat, conn: conn} }
	return &sessions{Parent: engine.NewParent(chat.system, produce), chat: chat}
}

func (s *sessions) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.chat.system.ForgetChildren(ctx.Self())
		for _, conn := range s.chat.liveConnections() {
			s.begin(ctx, conn)
		}
	case *connected:
		s.begin(ctx, m.conn)
	case *gone:
		ctx.Send(m.Conn.pid, m)
	case *actor.Terminated:
		s.Ended(ctx, m, s.retired)
	case *logBegan, *logsBegan, *BridgeStarted, *drainAll, *hangUpAll:
		for _, conn := range s.Children() {
			ctx.Send(conn.pid, m)
		}
	}
}

// sessionName is the name of a connection's session, whichever incarnation.
func sessionName(conn uint64) string { return "session-" + strconv.FormatUint(conn, 10) }

// begin starts a connection's session, if it is to have one: it may have ended while nobody saw it.
func (s *sessions) begin(ctx actor.Context, conn *Connection) {
	name := sessionName(conn.ID)
	if _, lives := s.Child(name); lives {
		return
	}
	if !s.retired(conn) {
		s.Spawn(ctx, KindSession, name, conn)
	}
}

// retired sees to the end of a connection that is finished; one whose session was killed is to have
// another on the same socket.
func (s *sessions) retired(conn *Connection) bool {
	if !conn.is(finished) {
		return false
	}
	s.chat.retire(conn)
	return true
}

// ChildFailed gives up a session that fails over and over.
func (s *sessions) ChildFailed(supervisor actor.Supervisor, child *actor.PID) {
	name := child.Id[len(s.chat.sessions.Id)+1:]
	if conn, lives := s.Child(name); lives && s.Failures(name) >= giveUpAfter {
		s.chat.metrics.restarted(KindSession)
		s.chat.log.Error().Str("actor", name).Msg("session fails over and over: connection closed")
		conn.enter(finished)
		conn.close(protocol.CloseRestart, "session fails")
		supervisor.StopChildren(child)
		return
	}
	s.Parent.ChildFailed(supervisor, child)
}
