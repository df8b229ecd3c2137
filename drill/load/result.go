package load

import (
	"fmt"
	"time"
)

// result is what one run measured. Times are in microseconds, CPU times of all nodes together.
type result struct {
	Scenario string `json:"scenario"`
	Target   string `json:"target"`
	Nodes    int    `json:"nodes"`
	Clients  int    `json:"clients"`

	Seconds    float64 `json:"seconds"`    // measured
	Published  int64   `json:"published"`  // within them
	Deliveries int64   `json:"deliveries"` // likewise, of all clients
	Answers    int64   `json:"answers"`    // likewise, to publishers

	// Over the whole run, warm-up and drain too, of the clients that stayed.
	Expected  int64 `json:"expected"`
	Delivered int64 `json:"delivered"`
	// BacklogSeconds is how much work was sent and not yet delivered when measuring ended.
	BacklogSeconds float64 `json:"backlog_seconds"`
	Overloaded     string  `json:"overloaded,omitempty"` // why publishing was stopped early

	P50  float64 `json:"p50_us"`
	P99  float64 `json:"p99_us"`
	P999 float64 `json:"p999_us"`
	Max  float64 `json:"max_us"`
	// Timed is how many deliveries the percentiles stand on.
	Timed int64 `json:"timed"`

	ServerCPU    float64 `json:"server_cpu_us"`
	RedisCPU     float64 `json:"redis_cpu_us"`
	GeneratorCPU float64 `json:"generator_cpu_us"`

	MemoryBefore int64 `json:"memory_before_bytes"` // of the servers, without clients
	MemoryAfter  int64 `json:"memory_after_bytes"`  // with all clients connected and quiet

	JoinSeconds    float64 `json:"join_seconds,omitempty"` // of the storm, until all had joined and been told
	Joins          int64   `json:"joins,omitempty"`
	PresenceFrames int64   `json:"presence_frames"` // while measuring
	PresenceBytes  int64   `json:"presence_bytes"`

	RoundP50 float64 `json:"redis_round_p50_us,omitempty"` // a bare round trip through Redis, in the same run

	Errors int64  `json:"errors"` // refusals
	Closed int64  `json:"closed"` // connections the server ended
	Note   string `json:"note,omitempty"`

	perMessage float64 // deliveries that each message makes
}

// backlogAllowed is how much work may be under way when measuring ends without being called a backlog: a wave of 10,000
// clients takes some 150 ms.
const backlogAllowed = 0.25 // seconds

// complete says that everything arrived, once, and that nothing was piling up.
func (r result) complete() bool {
	return r.Delivered == r.Expected && r.Overloaded == "" && r.BacklogSeconds <= backlogAllowed
}

func (r result) deliveryRate() float64 { return float64(r.Deliveries) / r.Seconds }

func (r result) serverPerDelivery() float64 { return r.ServerCPU / float64(r.Deliveries) }

// messages is how many messages went through while measuring, also where more were sent than the server could take.
func (r result) messages() float64 { return float64(r.Deliveries) / r.perMessage }

func (r result) serverPerMessage() float64 { return r.ServerCPU / r.messages() }

func (r result) redisPerMessage() float64 { return r.RedisCPU / r.messages() }

func (r result) memoryPerClient() float64 {
	return float64(r.MemoryAfter-r.MemoryBefore) / float64(r.Clients)
}

// ofOneCore is a CPU time as percent of one core over the time measured.
func (r result) ofOneCore(cpu float64) float64 {
	return 100 * cpu / (r.Seconds * float64(time.Second/time.Microsecond))
}

func (r result) serverPercent() float64 { return r.ofOneCore(r.ServerCPU) }

func (r result) presencePerJoin() float64 { return float64(r.PresenceFrames) / float64(r.Joins) }

// label names the target with its number of nodes.
func (r result) label() string {
	if r.Nodes == 1 {
		return r.Target
	}
	return fmt.Sprintf("%s ×%d", r.Target, r.Nodes)
}
