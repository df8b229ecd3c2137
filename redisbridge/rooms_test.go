package redisbridge

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/actors"
	"parley/actors/protocol"
)

// findRooms asks for rooms by their names, and gives what comes of it: the spelling, or the code.
func findRooms(t *testing.T, s *Store, mayMake bool, names ...string) (got []string, made int) {
	t.Helper()
	batch := make([]*actors.FindRoom, len(names))
	for i, name := range names {
		batch[i] = &actors.FindRoom{Op: uint64(i), Name: name, Make: mayMake}
	}
	found, err := s.find(soon(t), batch)
	must(t, err)
	for i, f := range found {
		if f.Op != uint64(i) {
			t.Errorf("%d answers %d", f.Op, i)
		}
		if f.Made {
			made++
		}
		if f.Code != "" {
			got = append(got, string(f.Code))
		} else {
			got = append(got, f.Name)
		}
	}
	return got, made
}

// TestRoomIsMadeOnceAndSpelledAsAtFirst, and none that looks like another.
func TestRoomIsMadeOnceAndSpelledAsAtFirst(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		a, b := open("a", 10), open("b", 10)
		for _, c := range []struct {
			s     *Store
			may   bool
			names []string
			want  []string
			made  int
		}{
			{a, false, []string{"General"}, []string{"forbidden"}, 0},
			{a, true, []string{"General", "GENERAL"}, []string{"General", "General"}, 1},
			{b, false, []string{"general"}, []string{"General"}, 0},
			{b, true, []string{"GeneraI", "Genera1", "modem"}, []string{"bad_room", "bad_room", "modem"}, 1},
			{a, true, []string{"modern", "other"}, []string{"bad_room", "other"}, 1},
		} {
			if got, made := findRooms(t, c.s, c.may, c.names...); !slices.Equal(got, c.want) || made != c.made {
				t.Errorf("%q are %q, %d of them made, not %q, %d", c.names, got, made, c.want, c.made)
			}
		}
	})
}

// TestRoomsAreListedInOrderByPages, those of a grant alone, with how many are in them; one that has
// ended is not, nor taken for the end.
func TestRoomsAreListedInOrderByPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("a", 10)
		var names []string
		for i := range listSize + 5 {
			names = append(names, fmt.Sprintf("Room %03d", i))
		}
		findRooms(t, s, true, names...)
		findRooms(t, s, true, "den", "team-a", "team-b")
		gatherIn(t, s, 1, news{joined: []string{"alice", "bob"}})
		must(t, s.client.Del(soon(t), keysOf(actors.Room(names[0])).name()).Err())
		page := func(after string, grant protocol.Grant) *actors.RoomsListed {
			m, err := s.list(soon(t), &actors.ListRooms{Op: 3, After: after, Grant: grant})
			must(t, err)
			return m
		}
		first := page("", nil)
		if len(first.Rooms) != listSize || !first.More || first.Op != 3 {
			t.Fatalf("%d on the first page, more %v", len(first.Rooms), first.More)
		}
		if r := first.Rooms[0]; r != (protocol.RoomSize{Room: "den", Members: 2}) || first.Rooms[1].Room != names[1] {
			t.Errorf("it begins with %v", first.Rooms[:2])
		}
		rest := page(actors.Room(first.Rooms[listSize-1].Room).Name, nil)
		if rest.More || len(rest.Rooms) != 7 || rest.Rooms[6].Room != "team-b" || rest.Rooms[0].Room != names[listSize] {
			t.Errorf("then come %v, more %v", rest.Rooms, rest.More)
		}
		of := page("den", protocol.NewGrant([]string{"den", "nowhere", "team-*", "zoo*"}))
		if want := []protocol.RoomSize{{Room: "team-a"}, {Room: "team-b"}}; !slices.Equal(of.Rooms, want) || of.More {
			t.Errorf("granted are %v, more %v", of.Rooms, of.More)
		}
	})
}

// TestRoomThatRedisLostIsThereAgain as soon as who is in it is told.
func TestRoomThatRedisLostIsThereAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("a", 10)
		findRooms(t, s, true, "Den")
		must(t, s.client.FlushAll(soon(t)).Err())
		gatherIn(t, s, 1, news{joined: []string{"alice"}})
		if got, made := findRooms(t, s, true, "DEN", "Dеn"); got[0] != "Den" || made != 0 {
			t.Errorf("found are %q, %d made", got, made)
		}
		must(t, s.gather(soon(t), 1, nil, []string{"Kept"}))
		if got, _ := findRooms(t, s, false, "kept"); got[0] != "Kept" {
			t.Errorf("found are %q", got)
		}
		if ttl := s.client.TTL(soon(t), keysOf(den).name()).Val(); ttl < time.Hour {
			t.Errorf("it ends in %v", ttl)
		}
	})
}

// TestRoomsOfANameAreRememberedForItsHolder, and not for the next.
func TestRoomsOfANameAreRememberedForItsHolder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func(string, int) *Store) {
		s := open("a", 10)
		claim := func(proof, fresh string) *actors.Claimed {
			c, err := s.claim(soon(t), []*actors.Claim{{Name: "alice", Proof: proof, Fresh: fresh}})
			must(t, err)
			return c[0]
		}
		claim("", "hers")
		at := func(room string, cursor int64, left bool) *actors.Visit {
			return &actors.Visit{User: "alice", Place: protocol.Place{Room: room, Cursor: cursor}, Left: left}
		}
		must(t, s.visit(soon(t), []*actors.Visit{at("Den", 5, false), at("Attic", 9, false), at("Den", 4, false), at("Cave", 7, false), at("Cave", 7, true)}))
		if got, want := claim("hers", "x").Rooms, []protocol.Place{{Room: "Attic", Cursor: 9}, {Room: "Den", Cursor: 5}}; !slices.Equal(got, want) {
			t.Errorf("alice was in %v, not %v", got, want)
		}
		must(t, s.client.HSet(soon(t), claimKey("alice"), "seen", 1).Err()) // long gone
		if got := claim("", "another's").Rooms; len(got) > 0 {
			t.Errorf("the next alice is told of %v", got)
		}
	})
}
