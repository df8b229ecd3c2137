package limit

import (
	"container/list"
	"time"
)

// mostKeys bounds what is remembered, whoever has how many names or addresses: of buckets about
// 16 MiB. Beyond it the one longest not used is forgotten, and is as new when it comes back.
const mostKeys = 1 << 16

// Map remembers a value for each of many keys while it says anything: whoever stays away costs
// nothing. The zero Map is ready; it is for one goroutine at a time.
type Map[K comparable, V idler] struct {
	byKey map[K]*list.Element // of *entry
	used  list.List           // the one longest not used first
}

// idler is a value that can be idle: it says no more than a zero one.
type idler interface{ Idle(now time.Time) bool }

type entry[K comparable, V idler] struct {
	key   K
	value V
}

// Get gives the value of a key, or nil if none is known.
func (m *Map[K, V]) Get(key K) *V {
	if known := m.byKey[key]; known != nil {
		return &known.Value.(*entry[K, V]).value
	}
	return nil
}

// Use gives the value of a key, a zero one if none is known, as the one used last. It is good until
// the next Use.
func (m *Map[K, V]) Use(key K, now time.Time) *V {
	m.forget(now)
	known := m.byKey[key]
	if known == nil {
		if m.byKey == nil {
			m.byKey = make(map[K]*list.Element)
		}
		known = m.used.PushBack(&entry[K, V]{key: key})
		m.byKey[key] = known
	}
	m.used.MoveToBack(known)
	return &known.Value.(*entry[K, V]).value
}

// forget drops those that are idle, and the longest not used beyond mostKeys. It looks at the oldest
// alone: one that is not yet idle holds back the others until it is.
func (m *Map[K, V]) forget(now time.Time) {
	for oldest := m.used.Front(); oldest != nil; oldest = m.used.Front() {
		who := oldest.Value.(*entry[K, V])
		if !who.value.Idle(now) && m.used.Len() < mostKeys {
			return
		}
		m.used.Remove(oldest)
		delete(m.byKey, who.key)
	}
}
