package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// healthcheckLimit is how long a live server may take to say so.
const healthcheckLimit = 2 * time.Second

// errUnhealthy is what the container engine is told.
var errUnhealthy = errors.New("unhealthy")

// Healthcheck asks the server on this machine, that has these settings, whether it
// lives. It waits at most healthcheckLimit.
func Healthcheck(ctx context.Context, s Settings) error {
	url, err := s.urlOf(s.ListenAddr, "127.0.0.1")
	if err != nil {
		return err
	}
	// The certificate is for the names of the outside; whether the server lives is not a question of it.
	client := &http.Client{Timeout: healthcheckLimit, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errUnhealthy
	}
	return nil
}
