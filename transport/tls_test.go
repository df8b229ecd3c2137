package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate writes a self-signed certificate for name, as an ACME client would: new files
// moved over the old ones.
func writeCertificate(t *testing.T, s TLSSettings, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotAfter:     time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyBytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, s.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	replaceFile(t, s.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyBytes}))
}

func replaceFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// handClock is a clock that tests move by hand.
type handClock struct{ t time.Time }

func newHandClock() *handClock                { return &handClock{time.Now()} }
func (c *handClock) now() time.Time           { return c.t }
func (c *handClock) advance(by time.Duration) { c.t = c.t.Add(by) }

func TestCertificateFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	s := TLSSettings{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	writeCertificate(t, s, "first")

	var reports []error
	load := func() (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
		return &c, err
	}
	certificate, err := newReloaded([]string{s.CertFile, s.KeyFile}, load, func(err error) { reports = append(reports, err) })
	if err != nil {
		t.Fatal(err)
	}
	clock := newHandClock()
	certificate.now = clock.now
	config := certificateConfig(certificate)
	expect := func(name string, reported int) {
		t.Helper()
		c, err := config.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		if leaf.Subject.CommonName != name || len(reports) != reported {
			t.Errorf("certificate of %q, reports %v; want %q, %d reports", leaf.Subject.CommonName, reports, name, reported)
		}
	}

	expect("first", 0)
	clock.advance(reloadCheckEvery)
	expect("first", 0)
	writeCertificate(t, s, "second")
	expect("first", 0) // not looked at yet
	clock.advance(reloadCheckEvery)
	expect("second", 0)

	replaceFile(t, s.CertFile, []byte("not a certificate"))
	clock.advance(reloadCheckEvery)
	expect("second", 1)
	clock.advance(reloadCheckEvery)
	expect("second", 1) // the same fault is reported once

	if err := os.Remove(s.CertFile); err != nil {
		t.Fatal(err)
	}
	clock.advance(reloadCheckEvery)
	expect("second", 2)

	writeCertificate(t, s, "third")
	clock.advance(reloadCheckEvery)
	expect("third", 2)
}

func TestTLSServesTheCertificate(t *testing.T) {
	dir := t.TempDir()
	s := TLSSettings{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	writeCertificate(t, s, "chat")
	config, err := newTLSConfig(s, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := ln.Accept()
		if err == nil {
			err = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
		served <- err
	}()
	conn, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.ConnectionState().PeerCertificates[0].Subject.CommonName; got != "chat" {
		t.Errorf("served %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestTLSSettingsThatCannotWorkEndTheStart(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for _, s := range []TLSSettings{{CertFile: missing}, {KeyFile: missing}, {CertFile: missing, KeyFile: missing}} {
		if _, err := newTLSConfig(s, func(error) {}); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	if config, err := newTLSConfig(TLSSettings{}, func(error) {}); config != nil || err != nil {
		t.Errorf("without settings: %v, %v", config, err)
	}
}
