package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	// chaosTimeout bounds a call of the chaos API: it answers from memory.
	chaosTimeout = 5 * time.Second

	// keptIdle is how long a connection is kept for the next call: for less than the 5 s of a node, so
	// that no kill goes to one that is just being closed.
	keptIdle = 3 * time.Second

	// maxAnswer is as much of an answer as is read; the list of actors has a few hundred bytes for each.
	maxAnswer = 16 << 20
)

// errNoActor says that no actor of the wanted kind lived on that node just then.
var errNoActor = errors.New("no such actor")

// chaos is the chaos API of one node.
type chaos struct {
	url    string
	token  string
	client *http.Client
}

func newChaos(nodeURL, token string) *chaos {
	transport := &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: keptIdle}
	return &chaos{url: nodeURL, token: token, client: &http.Client{Transport: transport, Timeout: chaosTimeout}}
}

// killed is the actor that the API says it killed.
type killed struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// kill kills one actor of that kind, at random.
func (c *chaos) kill(ctx context.Context, kind, how string) (killed, error) {
	query := url.Values{"kind": {kind}, "how": {how}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/chaos/kill?"+query.Encode(), nil)
	if err != nil {
		return killed{}, fmt.Errorf("failed to ask for a kill: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.client.Do(req)
	if err != nil {
		return killed{}, fmt.Errorf("failed to ask for a kill: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return killed{}, fmt.Errorf("failed to read the answer to a kill: %w", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return killed{}, fmt.Errorf("%w: %s", errNoActor, body)
	default:
		return killed{}, fmt.Errorf("the chaos API says %s: %s", resp.Status, body)
	}
	var k killed
	if err := json.Unmarshal(body, &k); err != nil {
		return killed{}, fmt.Errorf("failed to read the answer to a kill: %w", err)
	}
	return k, nil
}

func (c *chaos) close() { c.client.CloseIdleConnections() }
