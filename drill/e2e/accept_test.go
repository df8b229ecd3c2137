package e2e

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// descriptors are what many systems give a process that asks for no more.
const descriptors = 1024

// dialFrom opens a TCP connection to a node from an address of loopback.
func dialFrom(t *testing.T, n *node, ip string) (*raw, error) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: patience}
	conn, err := dialer.DialContext(t.Context(), "tcp", n.proc.Addr())
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { _ = conn.Close() })
	return &raw{Conn: conn, r: bufio.NewReaderSize(conn, 512), test: t}, nil
}

// ask sends a request on a connection that is kept; 0: there was no answer.
func (c *raw) ask(path string) (status int) {
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: chat\r\n\r\n"); err != nil {
		return 0
	}
	answer, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// TestPlainConnectionsOfOneAddressShutNobodyOut has one address keep more connections than
// the server may have files open.
func TestPlainConnectionsOfOneAddressShutNobodyOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings []string
		most     int // that it may keep
	}{
		"beyond its limit":              {[]string{"MAX_CONNECTIONS_PER_IP=50"}, 100},
		"that has no limit":             {nil, descriptors},
		"that speaks for others":        {[]string{"MAX_CONNECTIONS_PER_IP=50", "TRUSTED_PROXIES=127.0.0.1/32"}, descriptors},
		"where connections have no end": {[]string{"MAX_CONNECTIONS=0"}, descriptors},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNodeWithFiles(t, descriptors, c.settings...)
			eventually(t, "the server is ready", n.ready)
			alice := join(t, n, "alice")
			answered := 0
			for range descriptors + 36 {
				if greedy, err := dialFrom(t, n, "127.0.0.1"); err == nil && greedy.ask("/healthz") == http.StatusOK {
					answered++
				}
			}
			t.Logf("%d connections were answered", answered)
			if c.most < descriptors && answered > c.most {
				t.Errorf("%d connections of one address were answered", answered)
			}
			for _, path := range []string{"/healthz", "/readyz", "/"} {
				other, err := dialFrom(t, n, "127.0.0.2")
				must(t, err)
				if status := other.ask(path); status != http.StatusOK {
					t.Errorf("%s is answered with %d to another", path, status)
				}
			}
			other, err := dialFrom(t, n, "127.0.0.2")
			must(t, err)
			if status, _ := other.shake(); status != http.StatusSwitchingProtocols {
				t.Errorf("another's handshake is answered with %d", status)
			}
			alice.say("msg:alice:served")
			other.hearRaw("the message", isMessage("served"))
			if status, body := n.get(n.Admin + "/readyz"); status != http.StatusOK {
				t.Errorf("operators are answered with %d: %s", status, body)
			}
			if log := n.Log(); strings.Count(log, "\n") > 20 || strings.Contains(log, "accept") {
				t.Errorf("the log is\n%s", log)
			}
		})
	}
}

func TestConnectionsThatDoNotFitTheOpenFilesAreSaidOnce(t *testing.T) {
	t.Parallel()
	const warning = "MAX_CONNECTIONS does not fit"
	if log := startNodeWithFiles(t, descriptors).Log(); strings.Count(log, warning) != 1 {
		t.Errorf("the log is\n%s", log)
	}
	if log := startNodeWithFiles(t, descriptors, "MAX_CONNECTIONS=500").Log(); strings.Contains(log, warning) {
		t.Errorf("the log is\n%s", log)
	}
}

func TestSoManyWebSocketsAsFilesAllowLeaveRoomToAsk(t *testing.T) {
	t.Parallel()
	n := startNodeWithFiles(t, descriptors)
	eventually(t, "the server is ready", n.ready)
	took := 0
	for ; took < descriptors; took++ {
		c, err := dialFrom(t, n, "127.0.0.1")
		must(t, err)
		if status, answer := c.shake(); status != http.StatusSwitchingProtocols {
			if status != http.StatusServiceUnavailable || answer.Get("Retry-After") == "" {
				t.Errorf("one too many is answered with %d, %v", status, answer)
			}
			break
		}
	}
	if took < descriptors/2 || took == descriptors {
		t.Errorf("%d were let in", took)
	}
	for _, url := range []string{n.URL, n.Admin} {
		if status, _ := n.get(url + "/readyz"); status != http.StatusOK {
			t.Errorf("%s is answered with %d", url, status)
		}
	}
}

func TestPlainConnectionWithoutARequestEndsWithinSeconds(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	silent, kept := dialRaw(t, n), dialRaw(t, n)
	if status := kept.ask("/healthz"); status != http.StatusOK {
		t.Fatalf("answered with %d", status)
	}
	for name, c := range map[string]*raw{"silent": silent, "kept": kept} {
		_ = c.SetReadDeadline(time.Now().Add(15 * time.Second)) // a third of it is what it takes
		if _, err := c.r.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("the %s one is not ended: %v", name, err)
		}
	}
}

func TestForwardedAddressThatNobodyVouchesForIsSaidOnce(t *testing.T) {
	t.Parallel()
	forwarded := http.Header{"X-Forwarded-For": {"203.0.113.5"}}
	n := startNode(t)
	for range 3 {
		dialStatus(t, n, "", forwarded)
	}
	if log := n.Log(); strings.Count(log, "TRUSTED_PROXIES") != 1 || !strings.Contains(log, `"peer":"127.0.0.1"`) {
		t.Errorf("the log is\n%s", log)
	}
	trusting := startNode(t, "TRUSTED_PROXIES=127.0.0.0/8")
	dialStatus(t, trusting, "", forwarded)
	if log := trusting.Log(); strings.Contains(log, "X-Forwarded-For") {
		t.Errorf("the log is\n%s", log)
	}
}

func TestOnlyANodeForAnybodyTakesPagesOfLoopbackAndFiles(t *testing.T) {
	t.Parallel()
	strict := []*node{startNode(t, "AUTH_JWT_SECRET="+jwtSecret), startNode(t, "ALLOWED_ORIGINS=https://app.example")}
	open := startNode(t)
	for _, origin := range []string{"null", "http://localhost:5173", "http://127.0.0.1:1"} {
		header := http.Header{"Origin": {origin}}
		for _, n := range strict {
			if status, _ := dialStatus(t, n, "", header); status != http.StatusForbidden {
				t.Errorf("%s is answered with %d", origin, status)
			}
		}
		if status, _ := dialStatus(t, open, "", header); status != http.StatusSwitchingProtocols {
			t.Errorf("%s is answered with %d where anybody may come", origin, status)
		}
	}
	for _, n := range strict {
		if status, _ := dialStatus(t, n, "", http.Header{"Origin": {n.URL}}); status == http.StatusForbidden {
			t.Error("a page of the same host is refused")
		}
	}
}
