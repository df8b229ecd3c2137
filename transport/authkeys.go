package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
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

// errUnsupportedToken is a token that no key of ours may check.
var errUnsupportedToken = errors.New("unsupported token")

// verificationKeys hold the secret, the key set, or both. Which of them checks a token is decided by
// the token's algorithm, so that a public key can never be taken for a secret.
type verificationKeys struct {
	secret []byte
	set    func(context.Context) jwt.Keyfunc
}

var (
	secretMethods = []string{jwt.SigningMethodHS256.Alg()}
	setMethods    = []string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg(), jwt.SigningMethodEdDSA.Alg()}
)

func newVerificationKeys(ctx context.Context, s AuthSettings) (verificationKeys, error) {
	secret, err := secretOrFile(s.JWTSecret, "AUTH_JWT_SECRET", s.JWTSecretFile)
	if err != nil {
		return verificationKeys{}, err
	}
	keys := verificationKeys{secret: []byte(secret)}
	switch {
	case s.JWKSURL != "" && s.JWKSFile != "":
		err = errors.New("AUTH_JWKS_URL and AUTH_JWKS_FILE: one of them")
	case s.JWKSURL != "":
		keys.set, err = fetchedKeySet(ctx, s.JWKSURL)
	case s.JWKSFile != "":
		keys.set, err = storedKeySet(ctx, s.JWKSFile)
	}
	return keys, err
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

func (k verificationKeys) none() bool { return len(k.secret) == 0 && k.set == nil }

func (k verificationKeys) methods() []string {
	var methods []string
	if len(k.secret) > 0 {
		methods = append(methods, secretMethods...)
	}
	if k.set != nil {
		methods = append(methods, setMethods...)
	}
	return methods
}

// keyfunc picks the key for a token; a new key of the issuer may be waited for until ctx ends.
func (k verificationKeys) keyfunc(ctx context.Context) jwt.Keyfunc {
	return func(token *jwt.Token) (any, error) {
		switch _, critical := token.Header["crit"]; {
		case critical: // RFC 7515 §4.1.11: what must be understood and isn't
			return nil, errUnsupportedToken
		case len(k.secret) > 0 && slices.Contains(secretMethods, token.Method.Alg()):
			return k.secret, nil
		case k.set != nil && slices.Contains(setMethods, token.Method.Alg()):
			return k.set(ctx)(token)
		}
		return nil, errUnsupportedToken
	}
}
