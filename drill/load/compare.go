package load

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// run does all works one after the other. A run that fails is told and the rest goes on: a comparison of ten minutes isn't
// lost to one server that fell over.
func (o options) run(ctx context.Context, works []scenario, to *report, stdout io.Writer) error {
	if o.addr != "" {
		return o.runThere(ctx, works, to, stdout)
	}
	l, err := newLab(ctx, o.env)
	if err != nil {
		return err
	}
	var failed error
	for _, s := range works {
		for _, name := range s.targets {
			if !o.wants(name) {
				continue
			}
			for _, nodes := range s.nodes {
				r, err := o.runFresh(ctx, l, s, name, nodes)
				if ctx.Err() != nil {
					return errors.Join(failed, err, l.close())
				}
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("failed to run %s on %s: %w", s.name, name, err))
					continue
				}
				to.Results = append(to.Results, r)
				fmt.Fprintln(stdout, line(r))
			}
		}
	}
	return errors.Join(failed, l.close())
}

// runFresh starts the servers for one run, and ends them.
func (o options) runFresh(ctx context.Context, l *lab, s scenario, name string, nodes int) (result, error) {
	t, err := findTarget(name)
	if err != nil {
		return result{}, err
	}
	at, err := l.open(ctx, t, nodes)
	if err != nil {
		return result{}, err
	}
	r, err := measure(ctx, s, t.dialect, place{
		addrs: at.addrs(), servers: at.servers(), redis: []int{at.redis.PID()}, redisAt: at.redis.Addr(),
	}, o.pace)
	r.Target = name
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, at.logs())
	}
	return r, errors.Join(err, at.close())
}

// runThere runs against a server that others started; without its processes there are no CPU times.
func (o options) runThere(ctx context.Context, works []scenario, to *report, stdout io.Writer) error {
	t, err := findTarget(firstOf(o.only, onParley))
	if err != nil {
		return err
	}
	there := place{addrs: []string{o.addr}}
	if o.pid != 0 {
		there.servers = []int{o.pid}
	}
	if o.redis != 0 {
		there.redis = []int{o.redis}
	}
	for _, s := range works {
		if s.round {
			return fmt.Errorf("failed to run %s: it needs a Redis of its own, so no -addr", s.name)
		}
		r, err := measure(ctx, s, t.dialect, there, o.pace)
		if err != nil {
			return err
		}
		r.Target = t.name
		to.Results = append(to.Results, r)
		fmt.Fprintln(stdout, line(r))
	}
	return nil
}
