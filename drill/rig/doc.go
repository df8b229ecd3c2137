// Package rig brings the things a test or a drill needs under control: a real redis-server, a TCP proxy in front of it,
// the chat server as a process of its own, and a client of the protocol over a real WebSocket.
//
//	Redis    start, kill -9, start again with or without its data, freeze with SIGSTOP
//	Proxy    cut the link, freeze it silently, lose the replies
//	Node     build, start, kill -9, terminate, start again on the same address
//	Client   say raw frames, hear parsed ones, stop reading
//
// Nothing here knows testing.TB: errors are returned, so that the drill program uses the same things as the tests.
//
// # Who may call what
//
// All methods are safe for concurrent use, but a thing's life (Kill, Start, Restart, Terminate, Close) wants one owner:
// two owners would only surprise each other. A client's OnFrame runs in the goroutine that reads its socket: while it
// blocks, the socket isn't read.
//
// # Ports
//
// Whatever may be started again on its address listens on a port below the kernel's ephemeral range, so that no
// outgoing connection can take the port while the thing is down.
package rig
