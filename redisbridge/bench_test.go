package redisbridge

import (
	"fmt"
	"testing"
	"time"

	"parley/actors"
)

// BenchmarkAppendBatch stores batches of a hundred public messages by one call of the
// script, and notes them in the journal. An operation is a batch.
func BenchmarkAppendBatch(b *testing.B) {
	s := known(b, openStore(b, startRedis(b).Addr(), "n", 10_000))
	const batch = 100
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		said := make([]waiting, batch)
		for k := range said {
			i++
			said[k].Message = actors.Message{Ref: fmt.Sprint("alice#", i), Sender: "alice", Text: "sixty bytes of text, as people say it: all in a line"}
		}
		entries, err := s.append(b.Context(), sendings(said), 0)
		if err != nil || len(entries) != batch {
			b.Fatal(err)
		}
		s.journal.note(entries, time.Now())
		s.journal.heard(entries[batch-1].entry.ID)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/message")
}

// BenchmarkDifferentQuestions asks ten thousand different ones while Redis is busy with another, and
// each once more. An operation is all of them.
func BenchmarkDifferentQuestions(b *testing.B) {
	const questions = 10_000
	reads := make([]actors.Read, 2*questions)
	for i := range reads {
		reads[i] = actors.Read{Log: actors.Inbox(fmt.Sprint(i % questions)), After: actors.Newest, Limit: 50}
	}
	b.ReportAllocs()
	for b.Loop() {
		r := newReader()
		for i := range reads {
			r.ask(&reads[i])
		}
		if len(r.logs) != questions {
			b.Fatal("equal ones are asked twice")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(reads)), "ns/question")
}
