package transport

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/actors"
)

// FuzzParseResume holds that whatever the query is, a cursor is one that the chat can
// go on from, and a refusal is a sentence without what was sent.
func FuzzParseResume(f *testing.F) {
	for _, seed := range []string{
		"", "since=", "since=0", "since=-1", "since=1795430400123456&dmsince=0", "dmsince=99999999999999999999",
		"since=1&since=x", "since=%00", "since=+1", "since=0x10", "since=1e9", "dmsince=１", ";", "since=1;dmsince=2",
	} {
		f.Add(seed)
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, raw string) {
		query, _ := url.ParseQuery(raw)
		resume, err := parseResume(query, now)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "The query parameter ") || !strings.HasSuffix(err.Error(), ".") || len(err.Error()) > 100 {
				t.Errorf("refused with %q", err)
			}
			return
		}
		for name, id := range map[string]int64{"since": resume.Since, "dmsince": resume.DMSince} {
			if !query.Has(name) && id != actors.Newest || query.Has(name) && (id < 0 || id > now.Add(actors.ClockSkew).UnixMicro()) {
				t.Errorf("%s of %q is %d", name, raw, id)
			}
		}
	})
}
