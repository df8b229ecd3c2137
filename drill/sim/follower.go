package sim

import (
	"maps"
	"slices"
	"time"

	"parley/drill/check"
	"parley/drill/witness"
)

// followInterval is how often the logs are read, so that what is trimmed was seen.
const followInterval = 200 * time.Millisecond

// follower reads the logs while they are written, for what is trimmed can't be judged later.
type follower struct {
	reader  logReader
	kept    map[string]map[int64]check.Entry // by key, as last read
	trimmed map[string]map[int64]check.Entry
	newest  map[string]int64        // the newest message that was seen
	unseen  map[string][]check.Span // between two looks messages came and were trimmed
}

func (f *follower) follow(r *run) {
	if f.kept == nil {
		f.reader = logReader{mini: r.redis.mini, rooms: r.plan.rooms(), seen: map[string]check.Entry{}}
		f.kept, f.trimmed = map[string]map[int64]check.Entry{}, map[string]map[int64]check.Entry{}
		f.newest, f.unseen = map[string]int64{}, map[string][]check.Span{}
	}
	f.read(false)
	r.world.after(followInterval, "follow", func() { f.follow(r) })
}

// look is done before each change of what is being written back.
func (f *follower) look() { f.read(false) }

// read takes the logs as they are. What is gone since the last time was trimmed, unless it is lost.
func (f *follower) read(isLost bool) check.Logs {
	logs := f.reader.read()
	for key, entries := range trimmable(logs) {
		kept := make(map[int64]check.Entry, len(entries))
		for _, e := range entries {
			kept[e.ID] = e
		}
		if f.trimmed[key] == nil {
			f.trimmed[key] = map[int64]check.Entry{}
		}
		floor := trimmed(f.reader.mini, key)
		for id, e := range f.kept[key] {
			if _, still := kept[id]; !still && !isLost && id <= floor {
				f.trimmed[key][id] = e
			}
		}
		f.kept[key] = kept
		if floor > f.newest[key] && !isLost {
			f.unseen[key] = append(f.unseen[key], check.Span{Start: f.newest[key] + 1, End: floor})
		}
		for _, e := range entries {
			f.newest[key] = max(f.newest[key], e.ID)
		}
	}
	return logs
}

// trimmable are the logs that HISTORY_KEEP is for, by key.
func trimmable(logs check.Logs) map[string][]check.Entry {
	all := map[string][]check.Entry{witness.PublicKey: logs.Public}
	for of, entries := range logs.Conversations {
		all[witness.DialoguePrefix+of.From+":"+of.To] = entries
	}
	for room, of := range logs.Rooms {
		all[witness.RoomPrefix+room] = of.Entries
	}
	return all
}

// over notes what is lost when the Redis loses data: what was in a log until then, and is not
// any more, was not trimmed.
func (f *follower) over(loss func()) {
	f.read(false)
	loss()
	for key := range f.kept {
		f.kept[key] = nil
	}
	f.read(true)
}

// logs are those that the Redis holds, with what was trimmed from them.
func (f *follower) logs() check.Logs {
	logs := f.read(false)
	logs.Unseen = f.unseen[witness.PublicKey]
	for room, of := range logs.Rooms {
		of.Unseen = f.unseen[witness.RoomPrefix+room]
		logs.Rooms[room] = of
	}
	for key, gone := range f.trimmed {
		kept := make(map[int64]check.Entry, len(gone)+len(f.kept[key]))
		for id, e := range gone {
			e.Trimmed = true
			kept[id] = e
		}
		maps.Copy(kept, f.kept[key])
		all := make([]check.Entry, 0, len(kept))
		for _, id := range slices.Sorted(maps.Keys(kept)) {
			all = append(all, kept[id])
		}
		witness.Set(&logs, key, all)
	}
	return logs
}
