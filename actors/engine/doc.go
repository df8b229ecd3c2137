// Package engine is what protoactor-go lacks for actors that die all day and are to be missed by
// nobody. It knows nothing of chats.
//
//	System      spawns actors, each under a guard and with a mailbox of its own kind, and knows all
//	            that live: by name, how often they were restarted, what waits for them
//	Parent      what an actor with children does about them: spawn, end, spawn again when killed
//	guard       stands around every actor: logs a panic once, with its stack; keeps the end of an
//	            actor from panicking; injects the panics that are asked for from outside
//	Mailbox     holds what comes before the actor begins, goes on behind a failure, is bounded where
//	            what it holds can be read again (Sheddable), and passes on what comes too late
//	workers     run the mailboxes: a few goroutines for all of them
//
// # What the library does, and is kept from doing
//
// A message posted to an actor that is being spawned panics in the sender, and leaves the actor deaf.
// A Restart behind a Stop brings the actor back to life, and its parent waits for its end for ever. A
// panic at Stopping does the same; one at Stopped hangs the parent. The default supervisor stops an
// actor at its eleventh failure within ten seconds, silently. A child that is spawned before the
// Terminated of the one before it under its name is taken for that. (All of 20240822202345.)
package engine
