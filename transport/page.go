package transport

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

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

// page serves the embedded files. Browsers ask each time whether they have changed:
// a new server must not be met by an old page.
func (s *Server) page() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // unreachable: the folder is embedded
	}
	tags := entityTags(files)
	serve := http.FileServerFS(files)
	return withPageHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chaos.html" || r.URL.Path == "/index.html" {
			http.NotFound(w, r) // they have addresses of their own
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		if tag := tags[r.URL.Path]; tag != "" {
			w.Header().Set("ETag", tag)
		}
		serve.ServeHTTP(w, r)
	}))
}

// entityTags names the content of each file, by its path in a URL: embedded files
// have no time of change, and would be sent again each time.
func entityTags(files fs.FS) map[string]string {
	tags := map[string]string{}
	_ = fs.WalkDir(files, ".", func(path string, _ fs.DirEntry, err error) error {
		if content, readErr := fs.ReadFile(files, path); err == nil && readErr == nil {
			sum := sha256.Sum256(content)
			tags["/"+path] = `"` + hex.EncodeToString(sum[:12]) + `"`
		}
		return nil
	})
	tags["/"] = tags["/index.html"]
	return tags
}
