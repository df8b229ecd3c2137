package engine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRingIsAQueueWhateverIsPushedAndPopped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Ring[int]
		var model []int
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 10).Draw(t, "n") {
					r.Push(next)
					model = append(model, next)
					next++
				}
			},
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				if got := r.Pop(); got != model[0] {
					t.Fatalf("popped %d, not %d", got, model[0])
				}
				model = model[1:]
			},
			"change": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				i := rapid.IntRange(0, len(model)-1).Draw(t, "i")
				*r.Slot(i) = -next
				model[i] = -next
			},
			"shrink": func(t *rapid.T) {
				if len(model) > 0 {
					t.Skip("not empty")
				}
				limit := rapid.IntRange(0, 8).Draw(t, "limit")
				if r.Shrink(limit); len(r.slots) > limit {
					t.Fatalf("%d slots are kept, more than %d", len(r.slots), limit)
				}
			},
			"": func(t *rapid.T) {
				got := make([]int, r.Len())
				for i := range got {
					got[i] = r.At(i)
				}
				if !slices.Equal(got, model) {
					t.Fatalf("the ring holds %v, not %v", got, model)
				}
			},
		})
	})
}

func TestRingKeepsNothingAliveThatWasPopped(t *testing.T) {
	var r Ring[*int]
	for range 5 {
		r.Push(new(int))
	}
	for range 5 {
		r.Pop()
	}
	if i := slices.IndexFunc(r.slots, func(p *int) bool { return p != nil }); i >= 0 {
		t.Errorf("slot %d still holds what was popped", i)
	}
}
