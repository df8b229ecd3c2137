package engine

import "testing"

// BenchmarkMailbox hands what all are told to 10,000 mailboxes that nobody works on.
func BenchmarkMailbox(b *testing.B) {
	const actors = 10_000
	mailboxes := make([]mailbox, actors)
	message := &drop{}
	b.ReportAllocs()
	for b.Loop() {
		for i := range mailboxes {
			mailboxes[i].PostUserMessage(message)
			mailboxes[i].next()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/actors, "ns/actor")
}
