// Package sim runs several nodes' real actors and real bridges, and a Redis that can be
// broken in every way, in one process and in virtual time: an hour of a bad life takes
// seconds. drill/check and drill/check/linear judge what the clients saw, as they do for the
// drill.
//
//	run.go      a plan as it goes
//	plan.go     what a run is: nodes, clients, faults; made of a seed, or read from testdata
//	world.go    the one loop: what runs next, and when; everything happens in one of its steps
//	conn.go     connections to Redis: bytes that wait until the world delivers them
//	link.go     a node's way to Redis: cut, frozen, slow, deaf, mute
//	redis.go    the Redis: killed, wiped, rolled back, paused, full, its clock set
//	node.go     a node: started, killed, drained, paused; its actors killed
//	socket.go   a client's connection: what the kernel and the transport do there
//	frame.go    frames, as far as a client takes them apart
//	client.go   people: they come and go, stall, repeat, share names
//	rival.go    who fight for a name
//	talk.go     what they say, and when
//	fault.go    what a plan's fault does, and what a judge has to know of it
//	record.go   the history
//	follower.go the logs, while they are written and trimmed
//	settle.go   the end: everybody has everything, and nothing is left behind
//	judge.go    what both judges say of it
//	shrink.go   a failing plan made small
//
// # One seed is one run
//
// Everything that could go this way or that is decided by the world, one step after the
// other: which actor handles its next message, which bytes arrive, whose timer is due. A
// step ends when all goroutines wait (synctest.Wait), and costs a microsecond of virtual
// time, so that no two steps share an instant. What the server draws by chance comes
// from crypto/rand, which is seeded. A run's trace, and so its history, is the same each
// time, byte for byte: TestOneSeedIsOneRun.
//
// What is not decided: the order in which goroutines run that one step wakes together,
// and the order of timers of one instant. They meet in no common queue, as far as that
// test sees; and the nodes share one clock.
//
// # What is not simulated
//
// transport (epoll, descriptors, TLS, WebSocket frames of clients), two clocks that
// differ, more than one Redis.
package sim
