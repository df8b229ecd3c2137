// Package load measures a chat server under an open-loop load: messages are due at fixed times, whether or not the server
// keeps up, and a delivery's latency counts from the time its message was due. So a server that stalls cannot hide it by
// making the generator wait (coordinated omission).
//
//	scenarios.go, bars.go       what is run, and what its figures must be: data
//	targets.go                  the servers: Parley's nodes, Centrifuge, the bare gws loop; each with a redis-server of its own
//	dialect.go and its three    what a client says to each of them, and how a delivery is told from anything else
//	crowd.go, dial.go           many connections, from several loopback addresses
//	loop.go, conn.go            an epoll loop over raw sockets
//	frame.go, ear.go, stamp.go  frame boundaries are found, JSON isn't parsed; a text carries its due time
//	pacer.go, churn.go          who publishes when, who comes and goes
//	run.go, window.go           one scenario against one target: connect, warm up, measure, drain
//	round.go, proc.go           Redis's own round trip; CPU time and memory of the servers, from /proc
//	compare.go, report.go       all runs one after the other; the table and the JSON
//
// # Cheap by design
//
// The generator shares two cores with the server it measures. Two goroutines read all sockets, each with one buffer; a
// delivery is counted from its frame's header and first bytes, and of many deliveries only every k-th is timed. One
// goroutine publishes. A connection's sending side has a lock, since the pacer and the loop (pongs) both send; all else of
// a connection belongs to its loop.
package load
