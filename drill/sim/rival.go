package sim

import (
	"fmt"
	"time"

	"parley/drill/check"
)

// A rival is a client that wants a name which others want too, on whatever node. It comes back
// now with its token, as the same person, now without: then it is a stranger to whoever it was
// before. At times it asks for the name to be held.
type rival struct {
	mark  string // tells its persons from those of the others
	lives int    // how many strangers to each other it has been
	hold  string // ref of a hold that is not answered yet
}

const (
	// meanContent is how long a rival has its name on average, maxAloof how long it lets others
	// have it at most.
	meanContent = 4 * time.Second
	maxAloof    = 5 * time.Second
	// Of a hundred times that it gets the name, it asks so often for it to be held.
	holdPercent = 30
)

func newRival(r *run, i int) *client {
	name := fmt.Sprintf("prize%d", i%prizes)
	c := newClient(r, fmt.Sprintf("r%d", i), &person{name: name}, r.plan.Seed<<8+rivalSeeds+uint64(i))
	c.number, c.rival = 1+i/prizes, &rival{mark: fmt.Sprint(i)}
	return c
}

// What a run counts besides what it breaks.
const (
	nameWon   = "a name won that others want"
	nameTaken = "a name refused that others have"
	flooded   = "a flood of messages"
	limited   = "a message refused for its rate"
)

const (
	// prizes are the names that rivals want.
	prizes = 2
	// rivalSeeds are behind those of all other clients.
	rivalSeeds = 128
)

// begin makes up its mind who it is on its next connection.
func (v *rival) begin(c *client) {
	c.unacked, c.dmSince = nil, check.None // said by, and to, whom it may not be any more
	v.hold = ""
	if c.person.token == "" || c.rand.IntN(2) == 0 {
		v.estrange(c)
	}
}

// estrange makes it somebody else.
func (v *rival) estrange(c *client) {
	if c.person.token != "" || v.lives == 0 {
		v.lives++
	}
	c.person.token = ""
}

func (v *rival) person(name string) string {
	return fmt.Sprintf("%s, stranger %s.%d", name, v.mark, v.lives)
}

// rejoice does what a rival does with the name that it got.
func (v *rival) rejoice(c *client) {
	c.run.count(nameWon)
	if c.rand.IntN(100) < holdPercent {
		c.seq++
		v.hold = c.ref()
		c.record.asked(v.hold)
		c.socket.say("hold#" + v.hold + ":")
	}
	c.during(c.around(meanContent), "has had its name", func() {
		if !c.quiet {
			c.leave(c.rand.IntN(2) == 0)
		}
	})
}
