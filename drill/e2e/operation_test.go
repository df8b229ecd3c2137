package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/drill/rig"
)

// writeCertificate writes a certificate of 127.0.0.1 and its key; it is its own
// authority.
func writeCertificate(t *testing.T, certFile, keyFile, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	must(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
}

func TestServerWithACertificateOfItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key, "first")
	n := startNode(t, "TLS_CERT_FILE="+cert, "TLS_KEY_FILE="+key, "REDIS_ADDR="+startRedis(t).Addr())
	if !strings.HasPrefix(n.URL, "https://") {
		t.Fatalf("the page is at %s", n.URL)
	}
	if out, err := n.proc.Run(t.Context(), "healthcheck"); err != nil {
		t.Errorf("it is not found healthy: %v: %s", err, out)
	}
	stalls, bob, alice := connectRaw(t, n), connectRaw(t, n), connectRaw(t, n)
	_ = bob.write(text, "join:bob")
	_ = alice.write(text, "join:alice")
	joined := func(_ byte, payload string) bool { return strings.HasPrefix(payload, `{"type":"joined"`) }
	alice.hearRaw("joined", joined)
	bob.hearRaw("joined", joined)

	const messages = 3000 // of 1 KB: far more than all buffers on the way hold
	said := make(chan struct{})
	go func() {
		defer close(said)
		for i := range messages {
			_ = alice.write(text, fmt.Sprintf("msg:alice:%d %s", i, strings.Repeat("x", 1000)))
		}
	}()
	go alice.ignore()
	everything := func(c *raw) {
		for i := range messages {
			c.hearRaw(fmt.Sprint("message ", i), func(_ byte, payload string) bool {
				if !strings.HasPrefix(payload, `{"type":"msg"`) {
					return false
				}
				if want := fmt.Sprintf(`"text":"%d x`, i); !strings.Contains(payload, want) {
					t.Fatalf("where %s was due came %.80s", want, payload)
				}
				return true
			})
		}
	}
	everything(bob)
	<-said
	everything(stalls) // who did not read until now has missed nothing

	writeCertificate(t, cert, key, "second")
	eventually(t, "the new certificate is served", func() bool {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(n.URL, "https://"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // looked at below
		if err != nil {
			return false
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName == "second"
	})
	_ = bob.write(text, "msg:bob:still here")
	bob.hearRaw("an old connection's message", isMessage("still here"))
}

// ignore reads on and forgets.
func (c *raw) ignore() {
	for {
		if _, _, err := c.read(); err != nil {
			return
		}
	}
}

func TestRedisBehindTLSWithItsOwnAuthorityAndSecretsFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "redis.pem"), filepath.Join(dir, "redis-key.pem")
	writeCertificate(t, cert, key, "redis")
	secure, err := rig.FreeAddr()
	must(t, err)
	_, port, _ := net.SplitHostPort(secure)
	startRedis(t, "--requirepass", "open-sesame", "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	addrFile, chaosFile := filepath.Join(dir, "addr"), filepath.Join(dir, "chaos")
	must(t, os.WriteFile(addrFile, []byte("rediss://default:open-sesame@"+secure+"/0\n"), 0o600))
	must(t, os.WriteFile(chaosFile, []byte(chaosToken+"\n"), 0o600))
	n := startNode(t, "REDIS_ADDR_FILE="+addrFile, "REDIS_CA_FILE="+cert, "CHAOS_TOKEN_FILE="+chaosFile, "LOG_LEVEL=trace")
	eventually(t, "the server is ready", func() bool { status, _ := n.get(n.URL + "/readyz"); return status == http.StatusOK })
	alice := join(t, n, "alice")
	alice.say("msg:alice:through TLS")
	alice.hearText("through TLS")
	if status := chaosStatus(t, n, chaosToken); status != http.StatusOK {
		t.Errorf("the token of the file is answered with %d", status)
	}
	if status := chaosStatus(t, n, chaosToken[1:]); status != http.StatusUnauthorized {
		t.Errorf("another token is answered with %d", status)
	}

	other, otherKey := filepath.Join(dir, "other.pem"), filepath.Join(dir, "other-key.pem")
	writeCertificate(t, other, otherKey, "other")
	stranger := startNode(t, "REDIS_ADDR_FILE="+addrFile, "REDIS_CA_FILE="+other, "LOG_LEVEL=trace")
	eventually(t, "a server of another authority says that redis does not answer", func() bool {
		status, body := stranger.get(stranger.URL + "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "redis")
	})
	if log := n.Log() + stranger.Log(); strings.Contains(log, "sesame") {
		t.Errorf("the log has a secret:\n%s", log)
	}
}

func TestPageIsSentWithItsHeaders(t *testing.T) {
	t.Parallel()
	n := startNode(t, "CHAOS_TOKEN="+chaosToken, "CHAOS_PUBLIC=true")
	for _, path := range []string{"/", "/chat.js", "/chaos", "/nowhere"} {
		answer, err := http.Get(n.URL + path) //nolint:noctx // a server of this test
		must(t, err)
		_ = answer.Body.Close()
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") ||
			answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s has the headers %v", path, answer.Header)
		}
	}
}

func TestOperatorsPathsAreOnTheirAddressAlone(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	for path, public := range map[string]bool{
		"/healthz": true, "/readyz": true, "/metrics": false, "/debug/pprof/": false, "/debug/pprof/heap": false, "/debug/pprof/cmdline": false,
	} {
		if path == "/readyz" {
			eventually(t, "the server is ready", func() bool { status, _ := n.get(n.URL + path); return status == http.StatusOK })
		}
		if status, _ := n.get(n.Admin + path); status != http.StatusOK {
			t.Errorf("%s is answered with %d to operators", path, status)
		}
		if status, _ := n.get(n.URL + path); (status == http.StatusOK) != public {
			t.Errorf("%s is answered with %d to everybody", path, status)
		}
	}
}

func TestMetricsTellWhatHappened(t *testing.T) {
	t.Parallel()
	n := startNode(t, "REDIS_ADDR="+startRedis(t).Addr(), "CHAOS_TOKEN="+chaosToken, "MAX_CONNECTIONS=2")
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	dialStatus(t, n, "", nil)
	for i := range 10 {
		alice.say(fmt.Sprintf("msg:alice:%d", i))
		bob.hearText(fmt.Sprint(i))
	}
	alice.say("nonsense")
	alice.hearError("bad_frame")
	chaosStatus(t, n, chaosToken)
	for name, want := range map[string]float64{
		"parley_connections": 2, "parley_joins_total": 2, "parley_messages_in_total": 10, "parley_deliveries_total": 20,
		"parley_refusals_total": 1, "parley_connections_refused_total": 1, "parley_slow_clients_total": 0, "parley_holes_lost_total": 0,
	} {
		if got := n.metric(name); got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
	eventually(t, "the room's restart is counted", func() bool { return n.metric("parley_actor_restarts_total") == 1 })
	eventually(t, "deliveries are timed", func() bool {
		count, sum := n.metric("parley_delivery_seconds_count"), n.metric("parley_delivery_seconds_sum")
		return count >= 5 && count <= 10 && sum > 0 && sum/count < 1
	})
	for _, name := range []string{"parley_redis_round_trip_seconds_count", "parley_redis_batch_size_sum"} {
		if n.metric(name) < 10 {
			t.Errorf("%s is %v", name, n.metric(name))
		}
	}
	if actors := n.metric("parley_actors"); actors < 9 { // five that are always there, and two each of sessions and inboxes
		t.Errorf("%v actors are counted", actors)
	}

	dashboard, err := os.ReadFile(filepath.Join(repository, "transport", "grafana.json"))
	must(t, err)
	_, metrics := n.get(n.Admin + "/metrics")
	seen := map[string]bool{}
	for _, name := range regexp.MustCompile(`parley_[a-z_]+`).FindAllString(string(dashboard), -1) {
		seen[name] = true
		if !regexp.MustCompile(`(?m)^` + name + `[ {]`).MatchString(metrics) {
			t.Errorf("the dashboard shows %s, which there is not", name)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (parley_[a-z_]+) (\w+)`).FindAllStringSubmatch(metrics, -1) {
		if name := m[1]; !seen[name] && !seen[name+"_bucket"] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}
