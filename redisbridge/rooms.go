package redisbridge

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/actors"
	"parley/actors/protocol"
)

const (
	// findBatch is how many rooms one pipeline looks for, and findLimit how many may wait; more are
	// refused.
	findBatch = 256
	findLimit = 16384
	// listSize is how many rooms a page has, and listLimit how many pages may wait.
	listSize  = 200
	listLimit = 1024
	// listRounds is how often a page is read on where rooms that it had are there no more.
	listRounds = 16
	// visitBatch is how many visits one pipeline notes, and visitLimit how many may wait: they are hints.
	visitBatch = 256
	visitLimit = 16384
	// visitKeep is how many rooms of a name are remembered.
	visitKeep = 50
	// formTime is how long a room that is being made keeps its looks from others, until it is.
	formTime = 10 * time.Second
)

// find answers who asks for rooms.
func (b *bridge) find(now time.Time) {
	serve(b, &b.finds, findBatch, now, b.store.find, func(m *actors.FindRoom, found *actors.RoomFound) { b.send(m.To, found) })
}

// find looks for rooms, and makes those that there are not.
func (s *Store) find(ctx context.Context, batch []*actors.FindRoom) ([]*actors.RoomFound, error) {
	found := make([]*actors.RoomFound, len(batch))
	names := make([]*redis.StringCmd, len(batch))
	pipe := s.client.Pipeline()
	for i, m := range batch {
		names[i] = pipe.Get(ctx, keysOf(actors.Room(m.Name)).name())
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return nil, err
	}
	var unmade []int
	for i, m := range batch {
		found[i] = &actors.RoomFound{Op: m.Op, Name: names[i].Val()}
		switch {
		case found[i].Name != "":
		case m.Make:
			unmade = append(unmade, i)
		default:
			found[i].Code = protocol.CodeForbidden
		}
	}
	if len(unmade) == 0 {
		return found, nil
	}
	return found, s.makeRooms(ctx, batch, unmade, found)
}

// makeRooms makes some of the rooms asked for, but those that look like another.
func (s *Store) makeRooms(ctx context.Context, batch []*actors.FindRoom, which []int, found []*actors.RoomFound) error {
	looks := make(map[int][]*redis.StringCmd, len(which))
	pipe := s.client.Pipeline()
	for _, i := range which {
		key := actors.Room(batch[i].Name).Name
		for _, form := range protocol.Forms(batch[i].Name) {
			pipe.SetNX(ctx, formPrefix+form, key, formTime)
			looks[i] = append(looks[i], pipe.Get(ctx, formPrefix+form))
		}
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return err
	}
	made, names := make(map[int]*redis.BoolCmd, len(which)), make(map[int]*redis.StringCmd, len(which))
	for _, i := range which {
		name := batch[i].Name
		room := actors.Room(name)
		if slices.ContainsFunc(looks[i], func(of *redis.StringCmd) bool { return of.Val() != room.Name }) {
			found[i].Code = protocol.CodeBadRoom
			continue
		}
		made[i] = pipe.SetNX(ctx, keysOf(room).name(), name, s.roomKeep+tendSlack)
		names[i] = pipe.Get(ctx, keysOf(room).name()) // whose spelling was first
		s.keepRoom(ctx, pipe, room, name)
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return err
	}
	for i, name := range names {
		found[i].Name, found[i].Made = cmp.Or(name.Val(), batch[i].Name), made[i].Val()
	}
	return nil
}

// keepRoom adds to a pipeline what keeps a room there, and has it be there if it was lost.
func (s *Store) keepRoom(ctx context.Context, pipe redis.Pipeliner, room actors.Log, name string) {
	life := s.roomKeep + tendSlack
	pipe.SetNX(ctx, keysOf(room).name(), name, life)
	pipe.Expire(ctx, keysOf(room).name(), life)
	for _, form := range protocol.Forms(name) {
		pipe.SetNX(ctx, formPrefix+form, room.Name, life)
		pipe.Expire(ctx, formPrefix+form, life)
	}
	pipe.ZAdd(ctx, indexOf(room), redis.Z{Member: room.Name})
}

// expireFinds refuses those that have waited too long, and the oldest where they are too many.
func (b *bridge) expireFinds(now time.Time) {
	for _, m := range b.finds.overdue(now, findLimit, func(m *actors.FindRoom) time.Time { return m.Until }) {
		b.send(m.To, &actors.RoomFound{Op: m.Op, Code: protocol.CodeUnavailable})
	}
	for _, m := range b.lists.overdue(now, listLimit, func(m *actors.ListRooms) time.Time { return m.Until }) {
		b.send(m.To, &actors.RoomsListed{Op: m.Op, Code: protocol.CodeUnavailable})
	}
}

// list answers who asks which rooms there are, one at a time: a page is read in many places.
func (b *bridge) list(now time.Time) {
	serve(b, &b.lists, 1, now, func(ctx context.Context, one []*actors.ListRooms) ([]*actors.RoomsListed, error) {
		listed, err := b.store.list(ctx, one[0])
		return []*actors.RoomsListed{listed}, err
	}, func(m *actors.ListRooms, listed *actors.RoomsListed) { b.send(m.To, listed) })
}

// list reads a page of rooms. Those that are there no more it takes out of the lists, and reads on.
func (s *Store) list(ctx context.Context, m *actors.ListRooms) (*actors.RoomsListed, error) {
	page := &actors.RoomsListed{Op: m.Op, More: true}
	after := m.After
	for range listRounds {
		keys, more, err := s.keysAfter(ctx, after, m.Grant)
		if err != nil {
			return nil, err
		}
		if len(keys) > 0 {
			after = keys[len(keys)-1]
		}
		rooms, err := s.sizes(ctx, keys)
		if err != nil {
			return nil, err
		}
		page.Rooms = append(page.Rooms, rooms...)
		if page.More = more; !more || len(page.Rooms) >= listSize {
			break
		}
	}
	if len(page.Rooms) > listSize {
		page.Rooms, page.More = page.Rooms[:listSize], true
	}
	return page, nil
}

// keysAfter gives the keys of the next rooms in order, as many as a page has, and whether there are more.
func (s *Store) keysAfter(ctx context.Context, after string, grant protocol.Grant) (keys []string, more bool, err error) {
	if grant == nil {
		grant = protocol.Grant{"*"}
	}
	for _, of := range grant {
		from, to := rangeOf(of, after)
		if from == "" {
			continue // all of it is before
		}
		read := make([]*redis.StringSliceCmd, indexes)
		_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i := range read {
				read[i] = pipe.ZRangeByLex(ctx, indexKey(i), &redis.ZRangeBy{Min: from, Max: to, Count: listSize + 1})
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		for _, r := range read {
			keys = append(keys, r.Val()...)
		}
		if len(keys) > listSize {
			break
		}
	}
	slices.Sort(keys)
	return keys[:min(len(keys), listSize)], len(keys) > listSize, nil
}

// rangeOf is where in order the rooms lie that one entry of a grant is for, after a key; "" if none do.
func rangeOf(of, after string) (from, to string) {
	prefix, open := strings.CutSuffix(of, "*")
	from, to = "["+prefix, "["+prefix
	if open {
		to = "[" + prefix + "\xff" // of no key in UTF-8
	}
	switch {
	case after == "" || after < prefix:
	case open && strings.HasPrefix(after, prefix):
		from = "(" + after
	default:
		return "", ""
	}
	if from == "[" {
		from = "-"
	}
	return from, to
}

// sizes gives the rooms of keys that are there, and how many names are in each.
func (s *Store) sizes(ctx context.Context, keys []string) ([]protocol.RoomSize, error) {
	names, members := make([]*redis.StringCmd, len(keys)), make([]*redis.IntCmd, len(keys))
	pipe := s.client.Pipeline()
	for i, key := range keys {
		of := keysOf(actors.Log{Kind: actors.RoomLog, Name: key})
		names[i], members[i] = pipe.Get(ctx, of.name()), pipe.SCard(ctx, of.members())
	}
	if _, err := pipe.Exec(ctx); failed(err) {
		return nil, err
	}
	var rooms []protocol.RoomSize
	for i, key := range keys {
		if name := names[i].Val(); name != "" {
			rooms = append(rooms, protocol.RoomSize{Room: name, Members: members[i].Val()})
		} else {
			pipe.ZRem(ctx, indexOf(actors.Log{Kind: actors.RoomLog, Name: key}), key)
		}
	}
	_, err := pipe.Exec(ctx)
	return rooms, err
}

// visit notes where names are in rooms.
func (b *bridge) visit(now time.Time) {
	v := &b.visits
	v.overdue(now, visitLimit, func(*actors.Visit) time.Time { return now })
	if !v.free(now) || len(v.line) == 0 {
		return
	}
	batch := v.take(visitBatch)
	b.run(&v.lane, len(batch), func(ctx context.Context) error { return b.store.visit(ctx, batch) }, func(error) {})
}

func (s *Store) visit(ctx context.Context, batch []*actors.Visit) error {
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, m := range batch {
			key := roomsPrefix + m.User
			if m.Left {
				pipe.ZRem(ctx, key, m.Place.Room)
				continue
			}
			pipe.ZAddGT(ctx, key, redis.Z{Score: float64(m.Place.Cursor), Member: m.Place.Room})
			pipe.ZRemRangeByRank(ctx, key, 0, -visitKeep-1)
			pipe.Expire(ctx, key, inboxLife)
		}
		return nil
	})
	return err
}
