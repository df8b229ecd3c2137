package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"parley/drill/rig"
)

func TestFullNodeSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	n := startNode(t, "MAX_CONNECTIONS=2")
	connect(t, n, "")
	second := connect(t, n, "")
	status, header := dialStatus(t, n, "", nil)
	if wait, err := strconv.Atoi(header.Get("Retry-After")); status != http.StatusServiceUnavailable || err != nil || wait < 1 {
		t.Errorf("answered with %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	for _, path := range []string{"/healthz", "/"} {
		if status, _ := n.get(n.URL + path); status != http.StatusOK {
			t.Errorf("%s of a full node is answered with %d", path, status)
		}
	}
	second.Close()
	eventually(t, "the place is free again", func() bool {
		status, _ := dialStatus(t, n, "", nil)
		return status == http.StatusSwitchingProtocols
	})
}

func TestAddressIsHeldToItsConnections(t *testing.T) {
	t.Parallel()
	n := startNode(t, "MAX_CONNECTIONS_PER_IP=1", "TRUSTED_PROXIES=127.0.0.0/8")
	from := func(ip string) http.Header { return http.Header{"X-Forwarded-For": {"10.9.8.7, " + ip}} }
	c, err := rig.Dial(context.Background(), n.WS(), rig.ClientOptions{Header: from("203.0.113.5")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if status, header := dialStatus(t, n, "", from("203.0.113.5")); status != http.StatusTooManyRequests || header.Get("Retry-After") == "" {
		t.Errorf("a second from one address is answered with %d", status)
	}
	if status, _ := dialStatus(t, n, "", from("203.0.113.6")); status != http.StatusSwitchingProtocols {
		t.Errorf("one from another address is answered with %d", status)
	}
	unproxied := startNode(t, "MAX_CONNECTIONS_PER_IP=1")
	connect(t, unproxied, "")
	if status, _ := dialStatus(t, unproxied, "", from("203.0.113.9")); status != http.StatusTooManyRequests {
		t.Errorf("an address that nobody vouches for is believed: %d", status)
	}
}

func TestAddressIsHeldToItsConnectRate(t *testing.T) {
	t.Parallel()
	n := startNode(t, "CONNECT_RATE_PER_IP=0.1")
	if status, _ := dialStatus(t, n, "", nil); status != http.StatusSwitchingProtocols {
		t.Fatalf("the first is answered with %d", status)
	}
	status, header := dialStatus(t, n, "", nil)
	if wait, err := strconv.Atoi(header.Get("Retry-After")); status != http.StatusTooManyRequests || err != nil || wait < 5 || wait > 10 {
		t.Errorf("the second is answered with %d, Retry-After %q", status, header.Get("Retry-After"))
	}
}

func TestWhereListenersMayNotStayOneHasToJoin(t *testing.T) {
	t.Parallel()
	n := startNode(t, "ALLOW_LISTENERS=false", "JOIN_TIMEOUT=1s")
	alice, listener := join(t, n, "alice"), connect(t, n, "")
	<-listener.Done()
	if listener.CloseCode() != 1008 {
		t.Errorf("the listener is closed with %d", listener.CloseCode())
	}
	alice.say("msg:alice:still here")
	alice.hearText("still here")
}

// isLimited says whether f refuses for the rate, and holds it to say when to try again.
func isLimited(t *testing.T, f rig.Frame) bool {
	_, limited := retryAfter(t, f)
	return limited
}

// retryAfter is isLimited, and when to try again.
func retryAfter(t *testing.T, f rig.Frame) (wait time.Duration, limited bool) {
	var refusal struct {
		Retry int `json:"retry_ms"`
	}
	if f.Code != "rate_limited" {
		return 0, false
	}
	if err := json.Unmarshal(f.Raw, &refusal); err != nil || refusal.Retry < 1 {
		t.Errorf("refused with %s", f.Raw)
	}
	return time.Duration(refusal.Retry) * time.Millisecond, true
}

func TestWhoSaysTooMuchIsToldToWaitAndThenCutOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ settings, frame string }{
		{"FRAME_RATE=2", "ping:%d"},
		{"MESSAGE_RATE=2", "msg#r%d:alice:x"},
		{"CONVERSATION_RATE=2", "dm#r%d:alice:peer %[1]d:x"},
	} {
		t.Run(c.settings, func(t *testing.T) {
			t.Parallel()
			n := startNode(t, c.settings)
			alice := join(t, n, "alice")
			alice.say(fmt.Sprintf(c.frame, 0))
			for i := 1; i < 10_000 && alice.CloseCode() == 0; i++ {
				if alice.Send(fmt.Sprintf(c.frame, i)) != nil {
					break
				}
			}
			<-alice.Done()
			if alice.CloseCode() != 1008 {
				t.Errorf("closed with %d", alice.CloseCode())
			}
			refused, taken := 0, int(n.metric("parley_messages_in_total"))
			for _, f := range alice.Frames() {
				switch {
				case isLimited(t, f):
					refused++
				case f.Type == "pong":
					taken++
				}
			}
			if taken < 19 || taken > 60 || refused < 100 || refused > 1000 {
				t.Errorf("%d were taken and %d refused", taken, refused)
			}
		})
	}
}

func TestConversationThatIsOpenIsNotLimited(t *testing.T) {
	t.Parallel()
	n := startNode(t, "CONVERSATION_RATE=0.2")
	alice := join(t, n, "alice")
	for _, peer := range []string{"one", "two"} {
		alice.say("dm#open:alice:" + peer + ":hello")
		alice.hear("ack")
	}
	alice.say("dm#more:alice:three:hello")
	if f := alice.hear("error"); !isLimited(t, f) || f.Ref != "more" {
		t.Errorf("a third conversation is answered with %s", f.Raw)
	}
	for i := range 50 {
		alice.say(fmt.Sprintf("dm#on%d:alice:one:on and on", i))
		alice.hear("ack")
	}
}
