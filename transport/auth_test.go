package transport

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/actors/protocol"
)

const testSecret = "an old secret of thirty-two bytes"

func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for name, value := range header {
		token.Header[name] = value
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func claims(changes ...any) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "alice", "exp": time.Now().Add(time.Hour).Unix(), "aud": "chat", "iss": "https://id.example"}
	for i := 0; i < len(changes); i += 2 {
		if name := changes[i].(string); changes[i+1] == nil {
			delete(c, name)
		} else {
			c[name] = changes[i+1]
		}
	}
	return c
}

func bearer(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/ws", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func mustAuthenticate(t testing.TB, s AuthSettings) *authenticator {
	t.Helper()
	a, err := newAuthenticator(t.Context(), s)
	if err != nil || a == nil {
		t.Fatal(a, err)
	}
	return a
}

func writeFile(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTokensBySecret(t *testing.T) {
	a := mustAuthenticate(t, AuthSettings{JWTSecret: testSecret, Audience: "chat", Issuer: "https://id.example"})
	key, now := []byte(testSecret), time.Now()
	hs256 := func(c jwt.MapClaims) string { return sign(t, jwt.SigningMethodHS256, key, nil, c) }
	good := hs256(claims())
	parts := strings.Split(good, ".")

	for _, c := range []struct {
		why, token string
		want       error
	}{
		{"good", good, nil},
		{"one of many audiences", hs256(claims("aud", []string{"mail", "chat"})), nil},
		{"valid since a minute", hs256(claims("nbf", now.Add(-time.Minute).Unix())), nil},
		{"none", "", errNoToken},
		{"expired", hs256(claims("exp", now.Add(-time.Second).Unix())), errTokenExpired},
		{"without an end", hs256(claims("exp", nil)), errBadToken},
		{"not valid yet", hs256(claims("nbf", now.Add(time.Minute).Unix())), errTokenTooEarly},
		{"another audience", hs256(claims("aud", "mail")), errTokenAudience},
		{"no audience", hs256(claims("aud", nil)), errBadToken},
		{"another issuer", hs256(claims("iss", "https://evil.example")), errTokenIssuer},
		{"no issuer", hs256(claims("iss", nil)), errBadToken},
		{"no sub", hs256(claims("sub", nil)), errTokenName},
		{"sub with a colon", hs256(claims("sub", "alice:bob")), errTokenName},
		{"sub of mixed scripts", hs256(claims("sub", "аlice")), errTokenName},
		{"sub with a space behind", hs256(claims("sub", "alice ")), errTokenName},
		{"sub with a newline before", hs256(claims("sub", "\nalice")), errTokenName},
		{"sub with doubled spaces", hs256(claims("sub", "alice  b")), errTokenName},
		{"sub in full-width letters", hs256(claims("sub", "ａｌｉｃｅ")), errTokenName},
		{"sub that is decomposed", hs256(claims("sub", "zoe\u0308")), errTokenName},
		{"sub that is a number", hs256(claims("sub", 7)), errBadToken},
		{"exp that is a word", hs256(claims("exp", "tomorrow")), errBadToken},
		{"another secret", sign(t, jwt.SigningMethodHS256, []byte(testSecret+"!"), nil, claims()), errBadToken},
		{"HS512", sign(t, jwt.SigningMethodHS512, key, nil, claims()), errBadToken},
		{"RS256 without a key set", sign(t, jwt.SigningMethodRS256, testKeys["RS256"], nil, claims()), errBadToken},
		{"alg none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, claims()), errBadToken},
		{"alg none in the header only", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", errBadToken},
		{"no signature", parts[0] + "." + parts[1] + ".", errBadToken},
		{"other claims", parts[0] + "." + strings.Split(hs256(claims("sub", "bob")), ".")[1] + "." + parts[2], errBadToken},
		{"critical extension", sign(t, jwt.SigningMethodHS256, key, map[string]any{"crit": []string{"b64"}}, claims()), errBadToken},
		{"garbage", "x.y.z", errBadToken},
		{"larger than a header", good + strings.Repeat("A", maxTokenBytes), errBadToken},
	} {
		t.Run(c.why, func(t *testing.T) {
			who, err := a.identify(bearer(c.token))
			if !errors.Is(err, c.want) || err == nil && (who.Name != "alice" || time.Until(who.Expires) > time.Hour) {
				t.Fatalf("%+v, %v; want error %v", who, err, c.want)
			}
			if err != nil && c.token != "" && (who.Name != "" || strings.Contains(err.Error(), c.token)) {
				t.Errorf("%+v, %v", who, err)
			}
		})
	}
}

// TestTokensSayWhichRooms: all where they don't.
func TestTokensSayWhichRooms(t *testing.T) {
	a := mustAuthenticate(t, AuthSettings{JWTSecret: testSecret})
	rooms := func(says ...any) (protocol.Grant, error) {
		who, err := a.identify(bearer(sign(t, jwt.SigningMethodHS256, []byte(testSecret), nil, claims(says...))))
		return who.Rooms, err
	}
	for _, c := range []struct {
		says []any
		want protocol.Grant
	}{
		{nil, nil},
		{[]any{"rooms", []string{"*"}}, nil},
		{[]any{"rooms", []string{}}, protocol.Grant{}},
		{[]any{"rooms", []string{"Team-*", "General", "a:b"}}, protocol.Grant{"general", "team-*"}},
	} {
		if got, err := rooms(c.says...); err != nil || !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%v grants %q (%v), not %q", c.says, got, err, c.want)
		}
	}
	for _, bad := range []any{"General", 7, []any{"General", 7}} {
		if got, err := rooms("rooms", bad); err == nil {
			t.Errorf("%v grants %q", bad, got)
		}
	}
}

func TestTokenComesByHeaderQueryOrCookie(t *testing.T) {
	a := mustAuthenticate(t, AuthSettings{JWTSecret: testSecret, Cookie: "session"})
	token := sign(t, jwt.SigningMethodHS256, []byte(testSecret), nil, claims())
	for _, c := range []struct {
		why, target, authorization, cookie string
		want                               error
	}{
		{"header", "/ws", "Bearer " + token, "", nil},
		{"header in other case", "/ws", "bearer " + token, "", nil},
		{"query", "/ws?since=1&token=" + token, "", "", nil},
		{"cookie", "/ws", "", "session=" + token, nil},
		{"the header comes first", "/ws?token=" + token, "Bearer x", "", errBadToken},
		{"the query comes before the cookie", "/ws?token=x", "", "session=" + token, errBadToken},
		{"a header of another scheme says nothing", "/ws?token=" + token, "Basic eDp5", "", nil},
		{"another cookie", "/ws", "", "other=" + token, errNoToken},
		{"empty", "/ws?token=", "Bearer ", "session=", errNoToken},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, c.target, nil)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			if c.cookie != "" {
				r.Header.Set("Cookie", c.cookie)
			}
			if _, err := a.identify(r); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestAuthSettings(t *testing.T) {
	keys := writeFile(t, keySet(testKeys))
	for _, c := range []struct {
		why string
		s   AuthSettings
		ok  bool
	}{
		{"secret from a file, with a line end", AuthSettings{JWTSecretFile: writeFile(t, []byte(testSecret+"\n"))}, true},
		{"secret too short", AuthSettings{JWTSecret: "short-but-secret"}, false},
		{"secret too short without its line end", AuthSettings{JWTSecretFile: writeFile(t, []byte(strings.Repeat("s", 31)+"\n"))}, false},
		{"secret file that is empty", AuthSettings{JWTSecretFile: writeFile(t, []byte("\n"))}, false},
		{"secret file absent", AuthSettings{JWTSecretFile: keys + ".absent"}, false},
		{"two secrets", AuthSettings{JWTSecret: testSecret, JWTSecretFile: keys}, false},
		{"two key sets", AuthSettings{JWKSFile: keys, JWKSURL: "https://id.example/jwks"}, false},
		{"key set file absent", AuthSettings{JWKSFile: keys + ".absent"}, false},
		{"key set that is none", AuthSettings{JWKSFile: writeFile(t, []byte("[]"))}, false},
		{"empty key set", AuthSettings{JWKSFile: writeFile(t, []byte(`{"keys":[]}`))}, false},
		{"address of another kind", AuthSettings{JWKSURL: "file:///etc/keys"}, false},
		{"audience without a key", AuthSettings{Audience: "chat"}, false},
		{"issuer without a key", AuthSettings{Issuer: "https://id.example"}, false},
		{"cookie without a key", AuthSettings{Cookie: "session"}, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			a, err := newAuthenticator(t.Context(), c.s)
			if (err == nil) != c.ok || (a != nil) != c.ok {
				t.Fatalf("%v, %v", a, err)
			}
			if err != nil && c.s.JWTSecret != "" && strings.Contains(err.Error(), string(c.s.JWTSecret)) {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
	if a, err := newAuthenticator(t.Context(), AuthSettings{}); a != nil || err != nil {
		t.Errorf("nothing set: %v, %v", a, err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	s := AuthSettings{JWTSecret: testSecret}
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", s, s, s), fmt.Sprintf("%s %q %x", s.JWTSecret, s.JWTSecret, s.JWTSecret), string(asJSON)} {
		if strings.Contains(text, testSecret) || strings.Contains(text, fmt.Sprintf("%x", testSecret)) {
			t.Error(text)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	a, err := newAuthenticator(f.Context(), AuthSettings{JWTSecret: testSecret, JWKSFile: writeFile(f, keySet(testKeys)), Cookie: "c"})
	if err != nil {
		f.Fatal(err)
	}
	good := sign(f, jwt.SigningMethodHS256, []byte(testSecret), nil, claims())
	f.Add("Bearer "+good, "", "")
	f.Add("", "token="+good, "")
	f.Add("Basic x", "token=%zz;", "c="+good)
	f.Add("Bearer "+sign(f, jwt.SigningMethodES256, testKeys["ES256"], map[string]any{"kid": "ES256"}, claims("exp", 1e300)), "", "")
	f.Add("Bearer e30.e30.", "", "")
	f.Fuzz(func(t *testing.T, authorization, query, cookie string) {
		r := httptest.NewRequest(http.MethodGet, "/ws", nil)
		r.URL.RawQuery = query
		r.Header["Authorization"] = []string{authorization}
		r.Header["Cookie"] = []string{cookie}
		who, err := a.identify(r)
		if (err == nil) != (who.Name != "" && who.Expires.After(time.Now())) {
			t.Errorf("%+v, %v", who, err)
		}
	})
}
