package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

const (
	// jwksRefreshEvery bounds how long a withdrawn key still counts.
	jwksRefreshEvery = 5 * time.Minute

	// jwksUnknownKeyEvery bounds how often a token with an unknown key id may cause a fetch: a new key
	// counts soon, and strangers can't have the issuer flooded.
	jwksUnknownKeyEvery = 30 * time.Second

	// jwksFetchTimeout ends a fetch, also at the start and within a handshake.
	jwksFetchTimeout = 5 * time.Second
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

// fetchedKeySet keeps the keys behind address. It comes up without them where the issuer does not
// answer yet: then no token is valid.
func fetchedKeySet(ctx context.Context, address string) (func(context.Context) jwt.Keyfunc, error) {
	u, err := url.ParseRequestURI(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("AUTH_JWKS_URL is no http(s) URL")
	}
	keys, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{address}, keyfunc.Override{
		Client:            &http.Client{Timeout: jwksFetchTimeout, Transport: boundedAnswers{http.DefaultTransport}},
		HTTPTimeout:       jwksFetchTimeout,
		RefreshInterval:   jwksRefreshEvery,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(jwksUnknownKeyEvery), 1),
		RateLimitWaitMax:  jwksFetchTimeout,
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(_ context.Context, err error) {
				zerolog.Ctx(ctx).Error().Err(withoutAddress(err, u)).Str("issuer", u.Host).Msg("fetch key set")
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("fetch AUTH_JWKS_URL: %w", withoutAddress(err, u))
	}
	return keys.KeyfuncCtx, nil
}

// storedKeySet keeps the keys in the file at path.
func storedKeySet(ctx context.Context, path string) (func(context.Context) jwt.Keyfunc, error) {
	keys, err := newReloaded([]string{path}, loadKeySet(ctx, path), func(err error) {
		zerolog.Ctx(ctx).Error().Err(err).Msg("read key set again")
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) jwt.Keyfunc { return keys.get().KeyfuncCtx(ctx) }, nil
}

func loadKeySet(ctx context.Context, path string) func() (keyfunc.Keyfunc, error) {
	return func() (keyfunc.Keyfunc, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read AUTH_JWKS_FILE: %w", err)
		}
		defer file.Close()
		content, err := readKeySet(file)
		if err != nil {
			return nil, fmt.Errorf("read AUTH_JWKS_FILE: %w", err)
		}
		keys, err := keyfunc.NewJWKSetJSON(json.RawMessage(content))
		if err != nil {
			return nil, errors.New("AUTH_JWKS_FILE holds no JSON Web Key Set") // the library's error may quote keys
		}
		if all, err := keys.Storage().KeyReadAll(ctx); err != nil || len(all) == 0 {
			return nil, errors.New("AUTH_JWKS_FILE holds no keys")
		}
		return keys, nil
	}
}
