package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

// newTLSConfig gives a configuration whose certificate follows its files, nil where none is set. A
// new certificate that can't be loaded is reported and the old one stays.
func newTLSConfig(s TLSSettings, report func(error)) (*tls.Config, error) {
	if s == (TLSSettings{}) {
		return nil, nil
	}
	if s.CertFile == "" || s.KeyFile == "" {
		return nil, errors.New("TLS_CERT_FILE and TLS_KEY_FILE: both or neither")
	}
	certificate, err := newReloaded([]string{s.CertFile, s.KeyFile}, func() (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("load TLS certificate: %w", err)
		}
		return &c, nil
	}, report)
	if err != nil {
		return nil, err
	}
	return certificateConfig(certificate), nil
}

func certificateConfig(certificate *reloaded[*tls.Certificate]) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"}, // WebSockets are of it
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return certificate.get(), nil
		},
	}
}

// secure says whether the chat's address speaks TLS.
func (s TLSSettings) secure() bool { return s.CertFile != "" }

// urlOf is where this machine finds the chat that listens on addr: as local, where that is on all
// its addresses.
func (s TLSSettings) urlOf(addr, local string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = local
	}
	scheme := "http"
	if s.secure() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}
