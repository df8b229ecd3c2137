package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"parley/drill/rig"
)

const (
	// keepFor is how many seconds' worth of talk the nodes' logs keep: more than an outage lasts, so that no client of a
	// node that was cut off misses what is gone, and less than some are away. A follower sees all before it is trimmed.
	keepFor   = 20
	leastKept = 1000

	// nameHold is short, so that names which are held come free while a drill lasts.
	nameHold = 6 * time.Second

	// Nodes let a name say so many times what clients mean to say, and at least so many messages a second that 10 s of
	// them, which may come at once, are enough for a prober that measures.
	roominess   = 4
	leastTalk   = 20
	frameRoom   = 5  // frames a second that are no messages
	talksOpened = 60 // conversations a minute
)

// chaosToken is the one of drill's own nodes, which listen on loopback only.
const chaosToken = "no-secret-of-nodes-on-loopback-only"

// cluster is everything that can be broken.
type cluster struct {
	nodes  []*node
	redis  *rig.Redis // nil with -url
	keep   int        // how many messages its logs keep; 0: unknown
	logsAt string     // host:port of the Redis to read the logs from; empty: none known
	binary string     // to be removed; empty: not built here
}

func startCluster(ctx context.Context, o options) (*cluster, error) {
	if len(o.urls) > 0 {
		return remoteCluster(o)
	}
	c := &cluster{}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// remoteCluster is servers that run already.
func remoteCluster(o options) (*cluster, error) {
	c := &cluster{logsAt: o.redis}
	for _, raw := range o.urls {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("-url: %q is no http://host:port", raw)
		}
		ws := *u
		ws.Scheme = "ws"
		if u.Scheme == "https" {
			ws.Scheme = "wss"
		}
		c.nodes = append(c.nodes, &node{name: u.Host, url: raw, ws: ws.String() + "/ws", chaos: newChaos(raw, o.token)})
	}
	return c, nil
}

func (c *cluster) start(ctx context.Context, o options) error {
	binary := o.binary
	if binary == "" {
		var err error
		if binary, err = rig.Build(ctx, o.dir, o.race); err != nil {
			return err
		}
		c.binary = binary
	}
	var err error
	if c.redis, err = rig.NewRedis("--appendonly", "yes", "--appendfsync", "always"); err != nil {
		return err
	}
	c.logsAt = c.redis.Addr()
	c.keep = max(leastKept, int(keepFor*o.rate))
	for i := range ownNodes {
		n, err := c.startNode(ctx, binary, i, o)
		if n != nil {
			c.nodes = append(c.nodes, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// startNode starts a node behind a link of its own; it returns what there is of it also when it fails.
func (c *cluster) startNode(ctx context.Context, binary string, i int, o options) (*node, error) {
	n := &node{name: string(rune('a' + i))}
	var err error
	if n.link, err = rig.NewProxy(c.redis.Addr()); err != nil {
		return n, err
	}
	if n.admin, err = rig.FreeAddr(); err != nil {
		return n, err
	}
	talk := o.talkRate()
	n.proc, err = rig.StartNode(ctx, binary,
		"REDIS_ADDR="+n.link.Addr(), "ADMIN_ADDR="+n.admin, "CHAOS_TOKEN="+chaosToken, "CHAOS_PUBLIC=true",
		"LOG_LEVEL=info", "LOG_FORMAT=json", "HISTORY_KEEP="+strconv.Itoa(c.keep), "NAME_HOLD="+nameHold.String(),
		"MESSAGE_RATE="+strconv.Itoa(talk), "FRAME_RATE="+strconv.Itoa(talk+frameRoom),
		"CONVERSATION_RATE="+strconv.Itoa(talksOpened))
	if err != nil {
		return n, err
	}
	n.url, n.ws = n.proc.URL(), n.proc.WSURL()
	n.chaos = newChaos(n.url, chaosToken)
	return n, nil
}

// talkRate is how many messages a second a name may say on a node.
func (o options) talkRate() int {
	return max(leastTalk, int(roominess*o.rate/float64(o.clients)))
}

func (c *cluster) footprint(ctx context.Context) footprint {
	var sum footprint
	for _, n := range c.nodes {
		sum = sum.plus(n.footprint(ctx))
	}
	return sum
}

func (c *cluster) close() error {
	var errs []error
	for _, n := range c.nodes {
		if n.chaos != nil {
			n.chaos.close()
		}
		if n.proc != nil {
			errs = append(errs, n.proc.Close())
		}
		if n.link != nil {
			n.link.Close()
		}
	}
	if c.redis != nil {
		errs = append(errs, c.redis.Close())
	}
	if c.binary != "" {
		errs = append(errs, os.RemoveAll(filepath.Dir(c.binary)))
	}
	return errors.Join(errs...)
}
