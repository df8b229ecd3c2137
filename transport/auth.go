package transport

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/actors/protocol"
)

// identity is who a token says the client is, and until when.
type identity struct {
	Name    string
	Rooms   protocol.Grant // that it may enter
	Expires time.Time
}

// tokenClaims are what a token says.
type tokenClaims struct {
	jwt.RegisteredClaims
	// Rooms are those that its bearer may enter and make; without them all.
	Rooms *[]string `json:"rooms"`
}

// What is wrong with a token. The errors of the libraries go no further: they may hold parts of it.
var (
	errNoToken       = errors.New("no token")
	errBadToken      = errors.New("bad token")
	errTokenExpired  = errors.New("token expired")
	errTokenTooEarly = errors.New("token not valid yet")
	errTokenAudience = errors.New("token for another audience")
	errTokenIssuer   = errors.New("token of another issuer")
	errTokenName     = errors.New("token's sub is no name")
)

// maxTokenBytes is what servers commonly take as a whole header; a larger token is not parsed.
const maxTokenBytes = 8 << 10

// authenticator checks the tokens of connections.
type authenticator struct {
	keys   verificationKeys
	parser *jwt.Parser
	cookie string
}

// newAuthenticator gives nil where no authentication is configured. What goes wrong later (keys
// that can't be fetched or read again) is logged by ctx's logger; with ctx ends the refreshing.
func newAuthenticator(ctx context.Context, s AuthSettings) (*authenticator, error) {
	return newAuthenticatorAt(ctx, s, time.Now)
}

func newAuthenticatorAt(ctx context.Context, s AuthSettings, now func() time.Time) (*authenticator, error) {
	keys, err := newVerificationKeys(ctx, s)
	if err != nil {
		return nil, err
	}
	methods := keys.methods()
	if len(methods) == 0 {
		// Half a configuration is a mistake that would leave the chat open.
		if s.Audience != "" || s.Issuer != "" || s.Cookie != "" {
			return nil, errors.New("AUTH_JWT_AUDIENCE, AUTH_JWT_ISSUER and AUTH_COOKIE need AUTH_JWT_SECRET, AUTH_JWKS_URL or AUTH_JWKS_FILE")
		}
		return nil, nil
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods(methods),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	}
	if s.Audience != "" {
		options = append(options, jwt.WithAudience(s.Audience))
	}
	if s.Issuer != "" {
		options = append(options, jwt.WithIssuer(s.Issuer))
	}
	return &authenticator{keys: keys, parser: jwt.NewParser(options...), cookie: s.Cookie}, nil
}

// identify tells who sends r. Its errors are safe to log and to answer with: they hold nothing of
// the token.
func (a *authenticator) identify(r *http.Request) (identity, error) {
	token := a.token(r)
	switch {
	case token == "":
		return identity{}, errNoToken
	case len(token) > maxTokenBytes:
		return identity{}, errBadToken
	}
	var claims tokenClaims
	if _, err := a.parser.ParseWithClaims(token, &claims, a.keys.keyfunc(r.Context())); err != nil {
		return identity{}, tokenError(err)
	}
	// A sub that the rules for names would change is nobody: the issuer did not mean whom it would become.
	name, err := protocol.ParseName(claims.Subject)
	if err != nil || name != claims.Subject {
		return identity{}, errTokenName
	}
	who := identity{Name: name, Expires: claims.ExpiresAt.Time}
	if claims.Rooms != nil {
		who.Rooms = protocol.NewGrant(*claims.Rooms)
	}
	return who, nil
}

// token finds the token of r: in the header, in the query (a browser can't set headers of a
// WebSocket), or in the cookie. The first place that has one counts.
func (a *authenticator) token(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if token := r.URL.Query().Get("token"); token != "" {
		return token
	}
	cookie, err := r.Cookie(a.cookie) // none where that is ""
	if err != nil {
		return ""
	}
	return cookie.Value
}

// tokenError says what is wrong in words of our own.
func tokenError(err error) error {
	for _, e := range []struct{ theirs, ours error }{
		{jwt.ErrTokenExpired, errTokenExpired},
		{jwt.ErrTokenNotValidYet, errTokenTooEarly},
		{jwt.ErrTokenInvalidAudience, errTokenAudience},
		{jwt.ErrTokenInvalidIssuer, errTokenIssuer},
	} {
		if errors.Is(err, e.theirs) {
			return e.ours
		}
	}
	return errBadToken
}

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

// methods are the algorithms that there is a key for.
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
