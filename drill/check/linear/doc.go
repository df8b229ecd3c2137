// Package linear is a second judge of histories, of another kind than package check: it knows no promises. It asks
// whether there is any order of all that was said and told, one after the other and each within the time it took, in
// which every log behaves as a log: porcupine looks for one. What the first judge looks for is what somebody thought
// of; this one finds whatever can't be explained.
//
// # What is judged
//
// Each log by itself: the public one, each room's, each direction of each conversation, each inbox (by cursors). A log is a list; its
// operations are
//
//	append   from a send to its ack. It puts one entry behind all others, once for each sender and ref: a repeat is
//	         answered with the first id. What was refused has no effect. What was never answered has one at any time
//	         after the send, or none; so has a repeat whose first attempt was never answered.
//	read     from a connection's opening to its init or joined: the cursor there is where the log ended. So is, at the
//	         end of the history, the last that an open connection was told.
//	telling  an entry that a connection is told, in history or as it comes: by then it is in the log, it follows what
//	         the connection was told before without anything between, and its bytes are the same for everybody. What a
//	         connection was not told because it is older than its beginning was in the log by then. A conversation is
//	         heard through inboxes: what a name says on two connections at once may come in any order.
//	end      what Redis holds at the end is all there is, but for what is older than the log's floor, and it is there by
//	         then.
//
// # How
//
// Ids rise, so all the ids that anybody has heard of, and those at the end, are the only log that can explain the history;
// the state of the model is how much of it there is already. What is at odds with that log (an entry left out, told
// twice or too late, that nobody sent, of two ids) is possible in no state. What is in accord with it must still find
// its moment: that is the search. The model leaves at most one way to go on from any state, so the search is short.
//
// A log is checked in windows of places. Nothing is lost by that: of all that came before a window, what matters is
// only how late it was, and the latest of it is carried into the window. (An append comes after the call of its own send,
// of every earlier append, and of every read that saw the log without it; and it comes before the return of its own,
// of every later one, and of everything that knew of it. A history is linearizable if and only if of every place the
// first all come before the second.) A window of which that is not true is reduced to the operations that are at odds: take
// away any one of them, and the rest can be explained. Where porcupine does not end in time, the window is unknown, and
// told as that.
//
// # A node may be behind
//
// A node opens connections with what it has heard of the log, and tells the rest as it comes: docs/promises.md promises that
// nothing is left out, not that the cursor in init is of this very moment. So a read counts from a lag before the
// connection opened; where Redis or the node's link to it was broken at that time, from before the break, and before
// those that had ended less than a lag before it. In a history of one node that is never behind, or to find out how far
// behind it is, let the lag be 0.
//
// # What is not judged
//
// Around a loss of data (check.History.Losses) a log need not be one: from its beginning until all may be written back
// the first judge is alone, and so it is with what became of older entries in later epochs. Each time between two
// losses is judged by itself; what is not is counted as Left. What was acked before the last of them, and is nowhere at
// the end, it may have taken; and whom Redis forgot with it begins where the server says. The order of two sends of one
// connection that were both on their way (promise 4), presence, and missing answers are the first judge's. That a gap
// is admitted (truncated) is believed here, and that conversations are not trimmed. A ref is taken to be used for one
// message only, also after the 10 minutes for which the server remembers it.
package linear
