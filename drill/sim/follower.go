package sim

import (
	"maps"
	"slices"
	"time"

	"parley/drill/check"
)

// followInterval is how often the logs are read, so that what is trimmed was seen.
const followInterval = 200 * time.Millisecond

// follower reads the logs while they are written, for what is trimmed can't be judged later.
type follower struct {
	reader  logReader
	kept    map[check.Conversation]map[int64]check.Entry // as last read; the public log's is of nobody
	trimmed map[check.Conversation]map[int64]check.Entry
	newest  int64        // the newest public message that was seen
	unseen  []check.Span // between two looks public messages came and were trimmed
}

func (f *follower) follow(r *run) {
	if f.kept == nil {
		f.reader = logReader{mini: r.redis.mini, seen: map[string]check.Entry{}}
		f.kept, f.trimmed = map[check.Conversation]map[int64]check.Entry{}, map[check.Conversation]map[int64]check.Entry{}
	}
	f.read(false)
	r.world.after(followInterval, "follow", func() { f.follow(r) })
}

// look is done before each change of what is being written back.
func (f *follower) look() { f.read(false) }

// read takes the logs as they are. What is gone since the last time was trimmed, unless it is lost.
func (f *follower) read(isLost bool) check.Logs {
	logs := f.reader.read()
	for of, entries := range trimmable(logs) {
		kept := make(map[int64]check.Entry, len(entries))
		for _, e := range entries {
			kept[e.ID] = e
		}
		if f.trimmed[of] == nil {
			f.trimmed[of] = map[int64]check.Entry{}
		}
		floor := trimmed(f.reader.mini, logKey(of))
		for id, e := range f.kept[of] {
			if _, still := kept[id]; !still && !isLost && id <= floor {
				f.trimmed[of][id] = e
			}
		}
		f.kept[of] = kept
	}
	if floor := trimmed(f.reader.mini, publicKey); floor > f.newest && !isLost {
		f.unseen = append(f.unseen, check.Span{Start: f.newest + 1, End: floor})
	}
	for _, e := range logs.Public {
		f.newest = max(f.newest, e.ID)
	}
	return logs
}

// trimmable are the logs that HISTORY_KEEP is for.
func trimmable(logs check.Logs) map[check.Conversation][]check.Entry {
	all := maps.Clone(logs.Conversations)
	all[check.Conversation{}] = logs.Public
	return all
}

func logKey(of check.Conversation) string {
	if of.From == "" {
		return publicKey
	}
	return dialoguePrefix + of.From + ":" + of.To
}

// over notes what is lost when the Redis loses data: what was in a log until then, and is not
// any more, was not trimmed.
func (f *follower) over(loss func()) {
	f.read(false)
	loss()
	for of := range f.kept {
		f.kept[of] = nil
	}
	f.read(true)
}

// logs are those that the Redis holds, with what was trimmed from them.
func (f *follower) logs() check.Logs {
	logs := f.read(false)
	logs.Unseen = f.unseen
	for of, gone := range f.trimmed {
		kept := make(map[int64]check.Entry, len(gone)+len(f.kept[of]))
		for id, e := range gone {
			e.Trimmed = true
			kept[id] = e
		}
		maps.Copy(kept, f.kept[of])
		all := make([]check.Entry, 0, len(kept))
		for _, id := range slices.Sorted(maps.Keys(kept)) {
			all = append(all, kept[id])
		}
		if of.From == "" {
			logs.Public = all
		} else {
			logs.Conversations[of] = all
		}
	}
	return logs
}
