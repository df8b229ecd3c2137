package load

import (
	"fmt"
	"testing"
)

// BenchmarkHear is the generator's own cost of a delivery, without the read: at 2 million a second it must be a small part
// of a core.
func BenchmarkHear(b *testing.B) {
	const inOneRead = 20
	text := appendText(nil, 1, textSize)
	for _, bench := range []struct {
		name    string
		dialect dialect
		frame   string
	}{
		{"parley", parley{}, fmt.Sprintf(`{"type":"msg","id":1795430487480123,"user":"u17","text":%q,"time":1795430487}`, text)},
		{"centrifuge", centrifuge{}, fmt.Sprintf(`{"push":{"channel":"chat","pub":{"data":{"user":"u17","text":%q},"offset":12345}}}`, text)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var read []byte
			for range inOneRead {
				read = append(read, serverFrame(opText, bench.frame)...)
			}
			w := &window{}
			w.until.Store(mostLatency)
			l, c := &loop{dialect: bench.dialect, ear: newEar(w, 8)}, &conn{timed: true}
			b.ReportAllocs()
			for b.Loop() {
				l.hear(c, read)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*inOneRead), "ns/delivery")
		})
	}
}
