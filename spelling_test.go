package main

import (
	"maps"
	"testing"
)

func TestSettingsThatAreMisspelledAreFound(t *testing.T) {
	t.Parallel()
	got := misspelled(map[string]string{
		"REDDIS_ADDR": "", "REDIS_ADR": "", "REDIS_ADRD": "", "redis_addr": "", "LISTEN_ADRR": "",
		"REDIS_ADDR": "", "REDIS": "", "HOME": "", "ROOM": "", "PATH": "", "": "",
	})
	want := map[string]string{
		"REDDIS_ADDR": "REDIS_ADDR", "REDIS_ADR": "REDIS_ADDR", "REDIS_ADRD": "REDIS_ADDR", "redis_addr": "REDIS_ADDR",
		"LISTEN_ADRR": "LISTEN_ADDR", "ROOM": "ROOMS",
	}
	if !maps.Equal(got, want) {
		t.Errorf("found are %v, not %v", got, want)
	}
}
