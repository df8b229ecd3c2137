package transport

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOriginAllowed(t *testing.T) {
	listed := []string{"https://app.example", "http://dev.example:3000"}
	for _, c := range []struct {
		why, host, origin string
		allowed           []string
		want              bool
	}{
		{"same host", "chat.example", "https://chat.example", nil, true},
		{"same host in other case", "Chat.Example", "https://chat.example", nil, true},
		{"same host and port", "chat.example:8080", "http://chat.example:8080", nil, true},
		{"same host, default port in Host", "chat.example:443", "https://chat.example", nil, true},
		{"same host, default port in Origin", "chat.example", "http://chat.example:80", nil, true},
		{"same host, the other scheme's port", "chat.example:443", "http://chat.example", nil, false},
		{"same host, other port", "chat.example", "https://chat.example:8443", nil, false},
		{"other host", "chat.example", "https://evil.example", nil, false},
		{"host as a part of another", "chat.example", "https://chat.example.evil.example", nil, false},
		{"host as a user", "chat.example", "https://chat.example@evil.example", nil, false},
		{"user before the host", "chat.example", "https://evil@chat.example", nil, false},
		{"host in the path", "chat.example", "https://evil.example/chat.example", nil, false},
		{"no scheme", "chat.example", "chat.example", nil, false},
		{"an extension of that name", "chat.example", "chrome-extension://chat.example", nil, false},
		{"no URL", "chat.example", "http://[", nil, false},
		{"empty", "chat.example", "", nil, false},
		{"listed", "chat.example", "https://app.example", listed, true},
		{"listed with port", "chat.example", "http://dev.example:3000", listed, true},
		{"listed, other scheme", "chat.example", "http://app.example", listed, false},
		{"listed, other port", "chat.example", "http://dev.example:3001", listed, false},
		{"any", "chat.example", "https://evil.example", []string{"*"}, true},
		{"any, from a file", "chat.example", "null", []string{"*"}, true},
		{"a file, listed", "chat.example", "null", []string{"null"}, true},
		{"a file to a public server", "chat.example", "null", nil, false},
		{"a file to loopback", "localhost:8080", "null", nil, true},
		{"a file to loopback without a port", "localhost", "null", nil, true},
		{"loopback to loopback", "localhost:8080", "http://127.0.0.1:5173", nil, true},
		{"loopback to loopback, v6", "[::1]:8080", "http://localhost:5173", nil, true},
		{"loopback to loopback, v6 without a port", "[::1]", "http://[::1]", nil, true},
		{"loopback, another of 127/8", "127.0.0.2:8080", "http://127.9.9.9", nil, true},
		{"loopback to a public server", "chat.example", "http://localhost:5173", nil, false},
		{"a stranger to loopback", "localhost:8080", "https://evil.example", nil, false},
		{"a name that begins like loopback", "localhost:8080", "http://localhost.evil.example", nil, false},
		{"a name that begins like 127/8", "127.0.0.1:8080", "http://127.0.0.1.evil.example", nil, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := &http.Request{Host: c.host, Header: http.Header{"Origin": {c.origin}}}
			if got := originAllowed(r, c.allowed, true); got != c.want {
				t.Errorf("origin %q to %q: %v, want %v", c.origin, c.host, got, c.want)
			}
		})
	}
}

func TestOriginAbsentIsNoBrowser(t *testing.T) {
	if !originAllowed(&http.Request{Host: "chat.example", Header: http.Header{}}, nil, true) {
		t.Error("refused")
	}
}

func TestOriginGivenTwiceIsRefused(t *testing.T) {
	r := &http.Request{Host: "chat.example", Header: http.Header{"Origin": {"https://chat.example", "https://chat.example"}}}
	if originAllowed(r, []string{"*"}, true) {
		t.Error("allowed")
	}
}

func TestOriginOfLoopbackOrAFileIsRefusedWhereNotAnybodyMayCome(t *testing.T) {
	for _, origin := range []string{"null", "http://localhost:5173", "http://[::1]:1", "http://127.0.0.1"} {
		r := &http.Request{Host: "localhost:8080", Header: http.Header{"Origin": {origin}}}
		if originAllowed(r, nil, false) {
			t.Errorf("%s may connect where a token is needed", origin)
		}
		if originAllowed(r, []string{"https://app.example"}, true) {
			t.Errorf("%s may connect where others are listed", origin)
		}
		if !originAllowed(r, []string{origin}, false) {
			t.Errorf("%s may not connect though it is listed", origin)
		}
	}
	same := &http.Request{Host: "localhost:8080", Header: http.Header{"Origin": {"http://localhost:8080"}}}
	if !originAllowed(same, []string{"https://app.example"}, false) {
		t.Error("a page of the same host may not connect")
	}
}

func TestHostIsCheckedOnlyOverLoopback(t *testing.T) {
	for _, c := range []struct {
		local, host string
		want        int
	}{
		{"127.0.0.1", "evil.example:8081", http.StatusForbidden},
		{"::1", "evil.example", http.StatusForbidden},
		{"127.0.1.1", "evil.example", http.StatusForbidden},
		{"::ffff:127.0.0.1", "evil.example", http.StatusForbidden},
		{"127.0.0.1", "127.0.0.1:8081", http.StatusOK},
		{"127.0.0.1", "[::1]:8081", http.StatusOK},
		{"127.0.0.1", "192.0.2.1", http.StatusOK},
		{"127.0.0.1", "localhost", http.StatusOK},
		{"127.0.1.1", "Admin.Example:8081", http.StatusOK},
		{"127.0.0.1", "", http.StatusOK},
		{"10.0.0.7", "parley:8081", http.StatusOK},
		{"fd00::7", "parley.default.svc", http.StatusOK},
	} {
		handler := withHostCheck("admin.example", http.HandlerFunc(serveHealth))
		r := httptest.NewRequestWithContext(
			context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(c.local), Port: 8081}), http.MethodGet, "/healthz", nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%q at %s is answered with %d", c.host, c.local, w.Code)
		}
	}
}
