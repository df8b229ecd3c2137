package main

import "parley/drill/check"

// A talker that contends wants a name that others want too. It comes back now with its token, as the same person, now
// without: then it is a stranger to whoever it was before.

// begin makes up its mind who it is on its next connection. Under the mutex.
func (t *talker) begin() {
	t.unacked = nil // said by whom it may not be any more
	t.dmSince = check.None
	if t.token == "" || t.rand.IntN(2) == 0 {
		t.estrange()
	}
}

// estrange makes it somebody else. Under the mutex.
func (t *talker) estrange() {
	if t.token != "" || t.person == 0 {
		t.person++
	}
	t.token = ""
}

// become makes it the same person as another, on a second device.
func (t *talker) become(other *talker) {
	other.mu.Lock()
	name, token := other.name, other.token
	other.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.name, t.token = name, token
}

// shuns says whether that node has told it to go elsewhere; it does so once.
func (t *talker) shuns(n *node) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	shun := t.shun == n
	t.shun = nil
	return shun
}
