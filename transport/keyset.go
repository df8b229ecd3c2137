package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxKeySetBytes bounds a key set, fetched or in a file: a thousand keys of the usual size.
const maxKeySetBytes = 1 << 20

var errKeySetTooLarge = errors.New("key set is too large")

// readKeySet reads all of r; more than maxKeySetBytes is an error.
func readKeySet(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxKeySetBytes+1))
	if err == nil && len(content) > maxKeySetBytes {
		err = errKeySetTooLarge
	}
	return content, err
}

// boundedAnswers hands on only answers that were read whole and are no larger than a key set may be: the
// library would decode whatever comes.
type boundedAnswers struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper; the request's context ends it.
func (b boundedAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := readKeySet(answer.Body)
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(content))
	return answer, nil
}

// withoutAddress gives what went wrong with a fetch from address, to be logged: the library's error
// quotes the address, whose query and user may be secrets, and so may those of a redirect.
func withoutAddress(err error, address *url.URL) error {
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	text := err.Error()
	for _, secret := range []string{address.RawQuery, address.User.String()} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(hidden)")
		}
	}
	return errors.New(text)
}
