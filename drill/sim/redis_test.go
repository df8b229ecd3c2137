package sim

import (
	"slices"
	"testing"
	"time"
)

func TestRedisThatIsTakenBackHasNothingOfWhatCameSince(t *testing.T) {
	s, err := newServer(newWorld(1, nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.mini.Close)
	write := func(value string) {
		_, err := s.mini.ZAdd("sorted", 1, value)
		if err == nil {
			_, err = s.mini.SAdd("set", value)
		}
		if err == nil {
			err = s.mini.Set("string", value)
		}
		if err != nil {
			t.Fatal(err)
		}
		s.mini.HSet("hash", value, value)
	}
	has := func(want string) {
		t.Helper()
		sorted, _ := s.mini.SortedSet("sorted")
		set, _ := s.mini.Members("set")
		text, _ := s.mini.Get("string")
		hash, _ := s.mini.HKeys("hash")
		if len(sorted) != 1 || !slices.Equal(set, []string{want}) || text != want || !slices.Equal(hash, []string{want}) {
			t.Errorf("it has %v, %v, %q and %v", sorted, set, text, hash)
		}
	}
	write("before")
	s.save()
	s.snapshots[0].at = time.Now().Add(-time.Minute)
	write("since")
	s.save()
	s.lose(time.Second)
	has("before")
	write("after")
	s.lose(0)
	has("before") // what it lost the first time does not come back
}
