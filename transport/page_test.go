package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPageCarriesItsHeadersWhateverTheAnswer(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusNotModified, http.StatusNotFound} {
		w := httptest.NewRecorder()
		withPageHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
		})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))

		if w.Code != status {
			t.Errorf("status %d became %d", status, w.Code)
		}
		for name, value := range pageHeaders {
			if got := w.Result().Header[name]; len(got) != 1 || got[0] != value {
				t.Errorf("%d: %s: %q", status, name, got)
			}
		}
	}
}

func TestPolicyAllowsNoInlineCodeAndNoOtherHost(t *testing.T) {
	for directive := range strings.SplitSeq(contentSecurityPolicy, "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		for source := range strings.FieldsSeq(sources) {
			if source != "'self'" && source != "'none'" && (name != "img-src" || source != "data:") {
				t.Errorf("%s allows %s", name, source)
			}
		}
	}
	for _, directive := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(contentSecurityPolicy, directive) {
			t.Errorf("no %s", directive)
		}
	}
}

func TestPageIsNotSentAgainWhereItHasNotChanged(t *testing.T) {
	page := (&Server{}).page()
	first := httptest.NewRecorder()
	page.ServeHTTP(first, httptest.NewRequest(http.MethodGet, "/chat.js", nil))
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || tag == "" {
		t.Fatalf("answered with %d and tag %q", first.Code, tag)
	}
	again := httptest.NewRequest(http.MethodGet, "/chat.js", nil)
	again.Header.Set("If-None-Match", tag)
	second := httptest.NewRecorder()
	page.ServeHTTP(second, again)
	if second.Code != http.StatusNotModified {
		t.Errorf("answered again with %d", second.Code)
	}
}
