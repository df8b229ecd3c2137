package transport

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"parley/actors/engine"
)

// treeMost is how many children of each actor the tree shows unless asked for fewer: of ten thousand
// sessions nobody sees more.
const treeMost = 100

// actorTree is the busiest actors, and how many children each parent has in all.
type actorTree struct {
	Actors   []engine.Info  `json:"actors"`
	Children map[string]int `json:"children"`
}

// newActorTree takes of each parent's children the most busy, by what waits for them, then by how often
// they died, and those asked for by name.
func newActorTree(all []engine.Info, most int, also map[string]bool) actorTree {
	tree := actorTree{Actors: []engine.Info{}, Children: map[string]int{}}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b engine.Info) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(b.Mailbox, a.Mailbox), cmp.Compare(b.Restarts, a.Restarts))
	})
	for _, a := range all {
		if tree.Children[a.Parent]++; tree.Children[a.Parent] <= most || also[a.Name] {
			tree.Actors = append(tree.Actors, a)
		}
	}
	return tree
}

// serveTree answers GET /chaos/tree?most=N&also=NAME.
func (s *Server) serveTree(w http.ResponseWriter, r *http.Request) {
	query, most := r.URL.Query(), treeMost
	if asked, err := strconv.Atoi(query.Get("most")); err == nil {
		most = min(max(asked, 0), treeMost)
	}
	also := map[string]bool{}
	for _, name := range query["also"] {
		also[name] = true
	}
	writeJSON(w, newActorTree(s.chat.Actors(), most, also))
}
