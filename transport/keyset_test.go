package transport

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/zerolog"
)

// testKeys are one key of each kind that a key set may hold.
var testKeys = func() map[string]crypto.Signer {
	rsaKey, err1 := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, err3 := ed25519.GenerateKey(rand.Reader)
	if err := errors.Join(err1, err2, err3); err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"RS256": rsaKey, "ES256": ecKey, "EdDSA": edKey}
}()

// keySet writes the public halves of keys, by key id, as a JSON Web Key Set.
func keySet(keys map[string]crypto.Signer) []byte {
	b64 := base64.RawURLEncoding.EncodeToString
	set := []map[string]string{}
	for kid, key := range keys {
		switch public := key.Public().(type) {
		case *rsa.PublicKey:
			set = append(set, map[string]string{"kty": "RSA", "kid": kid, "n": b64(public.N.Bytes()), "e": b64(big.NewInt(int64(public.E)).Bytes())})
		case *ecdsa.PublicKey:
			point, err := public.Bytes()
			if err != nil {
				panic(err)
			}
			set = append(set, map[string]string{"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(point[1:33]), "y": b64(point[33:])})
		case ed25519.PublicKey:
			set = append(set, map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(public)})
		}
	}
	out, err := json.Marshal(map[string]any{"keys": set})
	if err != nil {
		panic(err)
	}
	return out
}

func TestTokensByKeySet(t *testing.T) {
	a := mustAuthenticate(t, AuthSettings{JWKSFile: writeFile(t, keySet(testKeys))})
	strangerKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(testKeys["RS256"].Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	kid := func(id any) map[string]any { return map[string]any{"kid": id} }

	for _, c := range []struct {
		why, token string
		want       error
	}{
		{"RS256", sign(t, jwt.SigningMethodRS256, testKeys["RS256"], kid("RS256"), claims()), nil},
		{"ES256", sign(t, jwt.SigningMethodES256, testKeys["ES256"], kid("ES256"), claims()), nil},
		{"EdDSA", sign(t, jwt.SigningMethodEdDSA, testKeys["EdDSA"], kid("EdDSA"), claims()), nil},
		{"no key id", sign(t, jwt.SigningMethodES256, testKeys["ES256"], nil, claims()), nil},
		{"expired", sign(t, jwt.SigningMethodES256, testKeys["ES256"], kid("ES256"), claims("exp", 1)), errTokenExpired},
		{"unknown key id", sign(t, jwt.SigningMethodES256, testKeys["ES256"], kid("new"), claims()), errBadToken},
		{"key id of no string", sign(t, jwt.SigningMethodES256, testKeys["ES256"], kid(7), claims()), errBadToken},
		{"key id of another key", sign(t, jwt.SigningMethodES256, testKeys["ES256"], kid("RS256"), claims()), errBadToken},
		{"a stranger's key", sign(t, jwt.SigningMethodRS256, strangerKey, kid("RS256"), claims()), errBadToken},
		{"RS512", sign(t, jwt.SigningMethodRS512, testKeys["RS256"], kid("RS256"), claims()), errBadToken},
		{"PS256", sign(t, jwt.SigningMethodPS256, testKeys["RS256"], kid("RS256"), claims()), errBadToken},
		{"HS256 with the public key as the secret, PEM", sign(t, jwt.SigningMethodHS256, publicPEM, kid("RS256"), claims()), errBadToken},
		{"HS256 with the public key as the secret, DER", sign(t, jwt.SigningMethodHS256, public, nil, claims()), errBadToken},
		{"alg none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid("RS256"), claims()), errBadToken},
	} {
		t.Run(c.why, func(t *testing.T) {
			if who, err := a.identify(bearer(c.token)); !errors.Is(err, c.want) || err == nil && who.Name != "alice" {
				t.Errorf("%+v, %v; want error %v", who, err, c.want)
			}
		})
	}
}

func TestSecretAndKeySetBesideEachOtherKeepTheirAlgorithms(t *testing.T) {
	a := mustAuthenticate(t, AuthSettings{JWTSecret: testSecret, JWKSFile: writeFile(t, keySet(testKeys))})
	for _, token := range []string{
		sign(t, jwt.SigningMethodHS256, []byte(testSecret), nil, claims()),
		sign(t, jwt.SigningMethodES256, testKeys["ES256"], nil, claims()),
	} {
		if _, err := a.identify(bearer(token)); err != nil {
			t.Error(err)
		}
	}
	public := []byte(testKeys["EdDSA"].Public().(ed25519.PublicKey))
	if _, err := a.identify(bearer(sign(t, jwt.SigningMethodHS256, public, nil, claims()))); !errors.Is(err, errBadToken) {
		t.Errorf("a public key passed for the secret: %v", err)
	}
}

func TestKeySetFileIsReadAgainWhenItChanges(t *testing.T) {
	only := func(name string) []byte { return keySet(map[string]crypto.Signer{name: testKeys[name]}) }
	path := writeFile(t, only("ES256"))
	keys, err := newReloaded([]string{path}, loadKeySet(t.Context(), path), func(err error) { t.Log(err) })
	if err != nil {
		t.Fatal(err)
	}
	clock := newHandClock()
	keys.now = clock.now
	token := sign(t, jwt.SigningMethodEdDSA, testKeys["EdDSA"], map[string]any{"kid": "EdDSA"}, claims())
	known := func() bool {
		_, err := jwt.Parse(token, keys.get().Keyfunc)
		return err == nil
	}
	if known() {
		t.Fatal("known before it was there")
	}
	replaceFile(t, path, only("EdDSA"))
	clock.advance(reloadCheckEvery)
	if !known() {
		t.Error("not known after the change")
	}
	replaceFile(t, path, []byte("{"))
	clock.advance(reloadCheckEvery)
	if !known() {
		t.Error("a broken file took the keys away")
	}
}

func TestKeySetBehindAnAddressIsFetchedForANewKey(t *testing.T) {
	var served atomic.Value
	served.Store([]byte(`{"keys":[]}`))
	var fetches atomic.Int32
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetches.Add(1)
		_, _ = w.Write(served.Load().([]byte))
	}))
	defer issuer.Close()
	defer http.DefaultClient.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a, err := newAuthenticator(ctx, AuthSettings{JWKSURL: issuer.URL})
	if err != nil {
		t.Fatal(err)
	}

	served.Store(keySet(testKeys))
	good := sign(t, jwt.SigningMethodES256, testKeys["ES256"], map[string]any{"kid": "ES256"}, claims())
	if _, err := a.identify(bearer(good)); err != nil {
		t.Errorf("a new key: %v", err)
	}
	before := fetches.Load()
	for i := range 5 {
		stranger := sign(t, jwt.SigningMethodES256, testKeys["ES256"], map[string]any{"kid": fmt.Sprint(i)}, claims())
		if _, err := a.identify(bearer(stranger)); !errors.Is(err, errBadToken) {
			t.Errorf("an unknown key: %v", err)
		}
	}
	if n := fetches.Load() - before; n > 0 {
		t.Errorf("strangers caused %d fetches", n)
	}
}

func TestIssuerThatIsAwayDoesNotEndTheStart(t *testing.T) {
	issuer := httptest.NewServer(http.NotFoundHandler())
	defer issuer.Close()
	a := mustAuthenticate(t, AuthSettings{JWKSURL: issuer.URL})
	if _, err := a.identify(bearer(sign(t, jwt.SigningMethodES256, testKeys["ES256"], nil, claims()))); !errors.Is(err, errBadToken) {
		t.Errorf("without keys: %v", err)
	}
}

// padded is a key set that is larger than anything that is read.
func padded(set []byte) []byte { return append(set, bytes.Repeat([]byte(" "), maxKeySetBytes)...) }

func TestKeySetThatIsTooLargeIsNone(t *testing.T) {
	if _, err := newAuthenticator(t.Context(), AuthSettings{JWKSFile: writeFile(t, padded(keySet(testKeys)))}); err == nil || !strings.Contains(err.Error(), "AUTH_JWKS_FILE") {
		t.Errorf("the file is taken: %v", err)
	}
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(padded(keySet(testKeys))) }))
	defer issuer.Close()
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(zerolog.New(&log).WithContext(t.Context()))
	defer cancel()
	a, err := newAuthenticator(ctx, AuthSettings{JWKSURL: issuer.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.identify(bearer(sign(t, jwt.SigningMethodES256, testKeys["ES256"], nil, claims()))); !errors.Is(err, errBadToken) {
		t.Errorf("the answer is taken: %v", err)
	}
	if !strings.Contains(log.String(), "too large") {
		t.Errorf("the log is %s", log.String())
	}
}

func TestKeySetAddressIsLoggedWithoutWhatIsSecretInIt(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"status":    http.NotFound,
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"too large": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(padded(nil)) },
		"cut off":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"on and on": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://[/?"+r.URL.RawQuery)
			w.WriteHeader(http.StatusFound)
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			issuer := httptest.NewServer(answer)
			defer issuer.Close()
			address := strings.Replace(issuer.URL, "http://", "http://sesame-user:sesame-word@", 1) + "/keys?key=sesame-key"
			var log bytes.Buffer
			ctx, cancel := context.WithCancel(zerolog.New(&log).WithContext(t.Context()))
			defer cancel()
			if _, err := newAuthenticator(ctx, AuthSettings{JWKSURL: address}); err != nil {
				t.Fatal(err)
			}
			if text := log.String(); strings.Contains(text, "sesame") || !strings.Contains(text, "fetch key set") {
				t.Errorf("the log is %s", text)
			}
		})
	}
	for _, address := range []string{"http://sesame:sesame@%zz/?sesame", "ftp://sesame@host", "http://host:sesame/", "http://host/\x7f?sesame"} {
		if _, err := newAuthenticator(t.Context(), AuthSettings{JWKSURL: address}); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q ends with %v", address, err)
		}
	}
}
