// Package check judges a history: what clients said and heard, what was broken on purpose, and what the logs in Redis
// hold at the end. It is a pure function over that, so that it can be tested with histories that are wrong on purpose,
// and so that anyone can judge a recorded history again.
//
//	promise                                       file         what is looked for
//	1 acked is kept                               kept.go      lost, doubled, altered, wrong id
//	2 no holes, no doubles, one order             feed.go      hole, double, reorder, other bytes, other order
//	                                              resume.go    the first frame: too little, twice, truncated without a reason
//	3 direct messages likewise                    direct.go    the same, a third person, one of the two without it
//	4 one sender's messages stay in order         order.go     two sends of one connection, swapped in a log
//	5 presence is true within 5 s                 presence.go  listed without a holder, holder not listed, told twice
//	                                              holders.go   two people with one name, taken before it was free
//	6 a frame without effect is answered          answers.go   silence, two answers, refused but stored
//	                                              bare.go      without a ref: neither stored nor refused
//
// Each room is judged as the public log is, by the same code: divide.go makes a history of its own of each.
//
// What a connection must get of a log is in passage.go, and where it begins in resume.go; that a log holds nothing which
// nobody said, in origin.go; who was there by what clients saw, in truth.go.
//
// # What is excused
//
// A Redis that loses its data is not on this side of the promises, except that what the nodes still hold is written
// back. What no node that lived had to hold (excuse.go, held.go), and what was written back behind a reader's place, is
// counted as excused and not as a violation, and only where the history has a fault that loses data at that time. That a
// server says truncated is no excuse: what was left out must have been lost, or trimmed. Whose claim was lost with it is a
// new holder (forgotten.go), and shown nothing from before.
//
// Nothing can be told in time while Redis or a node's link to it is away, nor to who does not read (calm.go): the
// report says in which part of the time presence could be judged.
package check
