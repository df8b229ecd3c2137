package transport

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"parley/actors/engine"
)

// TestTreeShowsTheBusiestOfEachParent, and those that are asked for, and counts the others.
func TestTreeShowsTheBusiestOfEachParent(t *testing.T) {
	all := []engine.Info{{Name: "chat"}, {Name: "rooms", Parent: "chat"}, {Name: "dms", Parent: "chat", Mailbox: 1}}
	for i := range 5 {
		all = append(all, engine.Info{Name: fmt.Sprint("room-", i), Parent: "rooms", Mailbox: i % 3, Restarts: i})
	}
	tree := newActorTree(all, 2, map[string]bool{"room-0": true})
	var names []string
	for _, a := range tree.Actors {
		names = append(names, a.Name)
	}
	if want := []string{"chat", "dms", "rooms", "room-2", "room-4", "room-0"}; !slices.Equal(names, want) {
		t.Errorf("it shows %q, not %q", names, want)
	}
	if want := map[string]int{"": 1, "chat": 2, "rooms": 5}; !maps.Equal(tree.Children, want) {
		t.Errorf("it counts %v, not %v", tree.Children, want)
	}
}
