package transport

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

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
