package protocol

import (
	"slices"
	"testing"
)

func TestGrantsAreForTheRoomsTheyName(t *testing.T) {
	for _, c := range []struct {
		names  []string
		grant  Grant
		has    []string
		hasNot []string
	}{
		{[]string{"General", "Team-*"}, Grant{"general", "team-*"}, []string{"general", "team-", "team-a"}, []string{"generals", "team", "gen"}},
		{[]string{"team-*", "Team-A*", "team-b", "x"}, Grant{"team-*", "x"}, []string{"team-a1", "x"}, []string{"xy"}},
		{[]string{"the *"}, Grant{"the *"}, []string{"the end"}, []string{"then", "the"}},
		{[]string{"a", "*"}, nil, []string{"anything"}, nil},
		{[]string{}, Grant{}, nil, []string{"general", ""}},
		{[]string{"a:b", "a**", "", " "}, Grant{"a**"}, []string{"a*b"}, []string{"a", "ab"}},
	} {
		grant := NewGrant(c.names)
		if !slices.Equal(grant, c.grant) || (grant == nil) != (c.grant == nil) {
			t.Errorf("%q are %q, not %q", c.names, grant, c.grant)
		}
		for _, key := range c.has {
			if !grant.Has(key) {
				t.Errorf("%q is not for %q", c.names, key)
			}
		}
		for _, key := range c.hasNot {
			if grant.Has(key) {
				t.Errorf("%q is for %q", c.names, key)
			}
		}
	}
}
