package protocol

import (
	"fmt"
	"slices"
	"strings"
)

// ReservedNames are the comparison forms of names that the page or people take for the chat itself,
// and that nobody can have in open mode.
type ReservedNames map[string]bool

// NewReservedNames takes the entries of RESERVED_NAMES; blank ones are none.
func NewReservedNames(entries []string) (ReservedNames, error) {
	reserved := ReservedNames{}
	for _, entry := range entries {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		name, err := ParseName(entry)
		if err != nil {
			return nil, fmt.Errorf("RESERVED_NAMES: %q: %w", entry, err)
		}
		for _, form := range Forms(name) {
			reserved[form] = true
		}
	}
	return reserved, nil
}

// Have reports whether name is confused with one of them.
func (r ReservedNames) Have(name string) bool {
	return slices.ContainsFunc(Forms(name), func(form string) bool { return r[form] })
}
