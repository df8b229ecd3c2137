package actors

import (
	"fmt"
	"slices"
	"strings"
)

// reservedNames are the comparison forms of names that the page or people take for the chat itself,
// and that nobody can have in open mode.
type reservedNames map[string]bool

// newReservedNames takes the entries of RESERVED_NAMES; blank ones are none.
func newReservedNames(entries []string) (reservedNames, error) {
	reserved := reservedNames{}
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

// have reports whether name is confused with one of them.
func (r reservedNames) have(name string) bool {
	return slices.ContainsFunc(Forms(name), func(form string) bool { return r[form] })
}

// reserved reports whether name is one that nobody can join under, or write to. Who comes with a
// signed identity has the name that its issuer gave, and may write to others who do.
func (s *session) reserved(name string) bool {
	return s.conn.resume.Name == "" && s.chat.reserved.have(name)
}
