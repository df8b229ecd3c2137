package actors

import (
	"strconv"

	"parley/actors/protocol"

	"github.com/asynkron/protoactor-go/actor"
)

// connected asks for a session for a new connection; the chat's table has it
// already, so that a lost request costs nothing.
type connected struct {
	quiet
	conn *Connection
}

// disconnected says that a connection has ended. Its session first sees to what the
// client said before.
type disconnected struct {
	quiet
	conn *Connection
}

// drainAll tells every session that this node is going away.
type drainAll struct{ quiet }

// hangUpAll tells every session to close its connection once its outbox is empty.
type hangUpAll struct{ quiet }

// giveUpAfter is how many failures within the window a session may have: what
// makes it fail is then most likely in its own state, and a client that connects
// again gets a fresh one.
const giveUpAfter = 20

// sessions is the parent of the session actors. When it begins it makes one for
// each open connection, so its death costs nobody a socket.
type sessions struct {
	chat     *Chat
	live     map[string]*Connection // by the session's id
	failures failures
	stopping bool
}

func newSessions(chat *Chat) *sessions {
	return &sessions{chat: chat, live: map[string]*Connection{}, failures: failures{}}
}

func (s *sessions) Receive(ctx actor.Context) {
	if s.stopping {
		return // whoever comes next asks again; a child spawned now would be waited for in vain
	}
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.chat.census.prune(KindSession)
		for _, conn := range s.chat.liveConnections() {
			if !s.retired(conn) { // its session may have ended while nobody saw it
				s.begin(ctx, conn)
			}
		}
	case *connected:
		s.begin(ctx, m.conn)
	case *disconnected:
		ctx.Send(m.conn.pid, m)
	case *actor.Terminated:
		s.ended(ctx, m.Who)
	case *RoomStarted, *DMsStarted, *BridgeStarted, *drainAll, *hangUpAll:
		for _, conn := range s.live {
			ctx.Send(conn.pid, m)
		}
	case *actor.Stopping, *actor.Restarting:
		s.stopping = true
	}
}

// sessionName is the name of a connection's session, whichever incarnation.
func sessionName(conn uint64) string { return "session-" + strconv.FormatUint(conn, 10) }

func (s *sessions) begin(ctx actor.Context, conn *Connection) {
	if s.live[conn.pid.Id] != nil || conn.finished.Load() {
		return
	}
	s.live[conn.pid.Id] = conn
	s.chat.spawn(ctx, KindSession, sessionName(conn.ID), conn.newSession)
}

// ended follows a session's end. One that was killed is followed by another on the same
// socket; if the kill was to hang up, only for what the client said before.
func (s *sessions) ended(ctx actor.Context, who *actor.PID) {
	conn := s.live[who.Id]
	delete(s.live, who.Id)
	s.failures.forget(who.Id)
	if conn == nil || s.retired(conn) {
		return
	}
	s.chat.metrics.restarted(KindSession)
	s.begin(ctx, conn)
}

// retired says whether the end of a connection's session was the connection's own, and
// sees to it then.
func (s *sessions) retired(conn *Connection) bool {
	if conn.hangUp.Swap(false) {
		conn.state.departed, conn.state.leaving = true, true // they are nobody's while its session is dead
		conn.close(protocol.CloseRestart, "session stopped")
	}
	if !conn.finished.Load() {
		return false
	}
	s.chat.census.gone(sessionName(conn.ID))
	s.chat.retire(conn)
	return true
}

func (s *sessions) childFailed(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID) {
	s.chat.metrics.restarted(KindSession)
	if conn := s.live[child.Id]; conn != nil && s.failures.count(child.Id) >= giveUpAfter {
		s.chat.log.Error().Str("actor", sessionName(conn.ID)).Msg("session fails over and over: connection closed")
		conn.finished.Store(true)
		conn.close(protocol.CloseRestart, "session fails")
		supervisor.StopChildren(child)
		return
	}
	s.failures.restart(s.chat, supervisor, child)
}
