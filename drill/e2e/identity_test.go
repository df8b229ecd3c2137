package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/drill/rig"
)

const jwtSecret = "a-secret-of-more-than-thirty-two-bytes"

// token signs claims; changes are pairs of name and value.
func token(t *testing.T, method jwt.SigningMethod, key any, changes ...any) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": "alice", "aud": "chat", "iss": "home", "exp": time.Now().Add(time.Hour).Unix()}
	for i := 0; i < len(changes); i += 2 {
		claims[changes[i].(string)] = changes[i+1]
	}
	unsigned := jwt.NewWithClaims(method, claims)
	unsigned.Header["kid"] = "k"
	signed, err := unsigned.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// dialStatus gives the HTTP status of an upgrade; an opened connection is ended.
func dialStatus(t *testing.T, n *node, query string, header http.Header) (int, http.Header) {
	t.Helper()
	c, err := rig.Dial(context.Background(), n.WS()+query, rig.ClientOptions{Header: header})
	var refused *rig.RefusedError
	switch {
	case errors.As(err, &refused):
		return refused.Status, refused.Header
	case err != nil:
		t.Fatal(err)
	}
	c.Close()
	return http.StatusSwitchingProtocols, nil
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestOnlyBearersOfAGoodTokenConnectUnderItsName(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	set := fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"k","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	if err := os.WriteFile(keys, []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, "AUTH_JWT_SECRET="+jwtSecret, "AUTH_JWKS_FILE="+keys, "AUTH_JWT_AUDIENCE=chat", "AUTH_JWT_ISSUER=home", "AUTH_COOKIE=session", "LOG_LEVEL=trace")
	_, strange, _ := ed25519.GenerateKey(rand.Reader)
	secret := []byte(jwtSecret)
	bad := map[string]string{
		"none at all":      "",
		"garbage":          "garbage.garbage.garbage",
		"another secret":   token(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 40))),
		"another method":   token(t, jwt.SigningMethodHS512, secret),
		"alg none":         token(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"key as secret":    token(t, jwt.SigningMethodHS256, []byte(public)),
		"another key":      token(t, jwt.SigningMethodEdDSA, strange),
		"expired":          token(t, jwt.SigningMethodHS256, secret, "exp", time.Now().Add(-time.Minute).Unix()),
		"no end":           token(t, jwt.SigningMethodHS256, secret, "exp", nil),
		"not yet":          token(t, jwt.SigningMethodHS256, secret, "nbf", time.Now().Add(time.Hour).Unix()),
		"another audience": token(t, jwt.SigningMethodHS256, secret, "aud", "mail"),
		"another issuer":   token(t, jwt.SigningMethodHS256, secret, "iss", "elsewhere"),
		"no name":          token(t, jwt.SigningMethodHS256, secret, "sub", ""),
		"a bad name":       token(t, jwt.SigningMethodHS256, secret, "sub", "a/b"),
	}
	for what, token := range bad {
		for _, by := range []struct {
			query  string
			header http.Header
		}{{"", bearer(token)}, {"?token=" + token, nil}, {"", http.Header{"Cookie": {"session=" + token}}}} {
			if status, _ := dialStatus(t, n, by.query, by.header); status != http.StatusUnauthorized {
				t.Errorf("%s: answered with %d", what, status)
			}
		}
	}
	good := []string{token(t, jwt.SigningMethodHS256, secret), token(t, jwt.SigningMethodEdDSA, private)}
	for _, g := range good {
		for _, by := range []struct {
			query  string
			header http.Header
		}{{"", bearer(g)}, {"?token=" + g, nil}, {"", http.Header{"Cookie": {"session=" + g}}}} {
			c, err := rig.Dial(context.Background(), n.WS()+by.query, rig.ClientOptions{Header: by.header})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			u := &user{Client: c, test: t}
			u.say("join:bob")
			u.hearError("wrong_name")
			if j, ok := u.tryJoin("join:alice"); !ok || j.Name != "alice" {
				t.Errorf("the token's name was told %+v", j)
			}
		}
	}
	log := n.Log()
	for what, t2 := range bad {
		if t2 != "" && strings.Contains(log, t2[strings.LastIndexByte(t2, '.')-8:]) {
			t.Errorf("the log has the token %q", what)
		}
	}
	if strings.Contains(log, good[0][:20]) || strings.Contains(log, jwtSecret) {
		t.Error("the log has a token or the secret")
	}
}

func TestSubThatTheRulesForNamesWouldChangeIsRefused(t *testing.T) {
	t.Parallel()
	n := startNode(t, "AUTH_JWT_SECRET="+jwtSecret)
	of := func(sub string) http.Header {
		return bearer(token(t, jwt.SigningMethodHS256, []byte(jwtSecret), "sub", sub))
	}
	for _, sub := range []string{"ａｌｉｃｅ", "alice ", " alice", "\talice", "alice\u3000", "alice  b", "alice\u00a0b", "zoe\u0308", "ﬁna"} {
		if status, _ := dialStatus(t, n, "", of(sub)); status != http.StatusUnauthorized {
			t.Errorf("sub %q: answered with %d", sub, status)
		}
	}
	for _, sub := range []string{"alice", "Alice B", "zoë", "admin"} { // a reserved name is its issuer's business
		c, err := rig.Dial(context.Background(), n.WS(), rig.ClientOptions{Header: of(sub)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		u := &user{Client: c, test: t}
		if j, ok := u.tryJoin("join:" + sub); !ok || j.Name != sub {
			t.Errorf("sub %q was told %+v", sub, j)
		}
		u.say("dm:" + sub + ":admin:hello")
		u.hearText("hello")
	}
}

// TestSignedIdentityInheritsNothing: neither what was anybody's before, nor what is of somebody
// whose name compares equal.
func TestSignedIdentityInheritsNothing(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	open := startNode(t, "REDIS_ADDR="+redis.Addr())
	before := connect(t, open, "")
	if _, ok := before.tryJoin("join:alice"); !ok {
		t.Fatal("the name is not free")
	}
	before.say("hold#h:")
	before.hear("ack")
	before.say("dm:alice:alice:from when the chat was open")
	before.hear("dm")
	open.Stop()

	closed := startNode(t, "REDIS_ADDR="+redis.Addr(), "AUTH_JWT_SECRET="+jwtSecret)
	signed := func(name string) (j joined, ok bool) {
		c, err := rig.Dial(context.Background(), closed.WS()+"?dmsince=0", rig.ClientOptions{
			Header: bearer(token(t, jwt.SigningMethodHS256, []byte(jwtSecret), "sub", name)),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return (&user{Client: c, test: t, name: name}).tryJoin("join:" + name)
	}
	var alice joined
	eventually(t, "the issuer's alice has the name", func() (ok bool) { alice, ok = signed("alice"); return ok })
	if len(alice.DMs) > 0 || len(alice.Conversations) > 0 {
		t.Errorf("she was told %+v", alice)
	}
	if _, ok := signed("ALICE"); ok {
		t.Error("another, whose name compares equal, has the same claim")
	}
	if _, ok := signed("alice"); !ok {
		t.Error("her second device was not let in")
	}
}

func TestConnectionEndsWithItsToken(t *testing.T) {
	t.Parallel()
	n := startNode(t, "AUTH_JWT_SECRET="+jwtSecret)
	end := time.Now().Add(2 * time.Second).Truncate(time.Second)
	c, err := rig.Dial(context.Background(), n.WS(), rig.ClientOptions{Header: bearer(token(t, jwt.SigningMethodHS256, []byte(jwtSecret), "exp", end.Unix()))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("the connection goes on")
	}
	if c.CloseCode() != 1008 || time.Now().Before(end) {
		t.Errorf("closed with %d, %v after the token's end", c.CloseCode(), time.Since(end))
	}
}

func TestOnlyListedPagesAndTheOwnMayConnect(t *testing.T) {
	t.Parallel()
	n := startNode(t, "ALLOWED_ORIGINS=https://app.example,https://other.example:8443")
	const in, out = http.StatusSwitchingProtocols, http.StatusForbidden
	for _, c := range []struct {
		host, origin string
		status       int
	}{
		{"chat.example", "", in},
		{"chat.example", "https://chat.example", in},
		{"chat.example", "https://app.example", in},
		{"chat.example", "https://other.example:8443", in},
		{"chat.example", "https://other.example", out},
		{"chat.example", "https://app.example.evil.example", out},
		{"chat.example", "https://evil.example", out},
		{"chat.example", "http://localhost:3000", out},
		{"chat.example", "null", out},
		{"chat.example:444", "https://chat.example", out},
		{"localhost:8080", "null", out},
		{"127.0.0.1:8080", "http://localhost:3000", out},
		{"127.0.0.1:8080", "https://evil.example", out},
	} {
		headers := []string{"Host: " + c.host}
		if c.origin != "" {
			headers = append(headers, "Origin: "+c.origin)
		}
		if status, _ := dialRaw(t, n).shake(headers...); status != c.status {
			t.Errorf("%s to %s: %d", c.origin, c.host, status)
		}
	}
	all := startNode(t, "ALLOWED_ORIGINS=*")
	if status, _ := dialRaw(t, all).shake("Host: chat.example", "Origin: https://evil.example"); status != in {
		t.Errorf("where all may, one is answered with %d", status)
	}
}
