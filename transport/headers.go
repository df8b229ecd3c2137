package transport

import "net/http"

// contentSecurityPolicy lets the page load its own files and talk to its own server, and nothing
// else: no inline code, no other host, no frame around it. Browsers count ws: and wss: of the same
// host and port as 'self' (CSP Level 3; Chrome from 71, Safari from 16 on).
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageHeaders go with every answer for the page.
var pageHeaders = map[string]string{
	"Content-Security-Policy": contentSecurityPolicy,
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY", // for browsers without frame-ancestors
	"Referrer-Policy":         "no-referrer",

	// Nothing of the page is for other origins' windows, nor a sub-resource of their pages; modules
	// that they import are fetched with CORS, which this leaves alone.
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",

	"Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}

// withPageHeaders sets the headers that keep a browser from doing more with the page than was meant.
func withPageHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range pageHeaders {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}
