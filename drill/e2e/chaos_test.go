package e2e

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// chaosToken is as long as one has to be.
const chaosToken = "open-sesame-of-thirty-two-bytes."

// asked sends a request with headers, Host among them, and gives status, headers and body.
func asked(t *testing.T, method, url string, headers ...string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	must(t, err)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, answer.Header, string(body)
}

// chaosStatus asks for the death of the room.
func chaosStatus(t *testing.T, n *node, token string) int {
	t.Helper()
	status, _, _ := asked(t, http.MethodPost, n.Admin+"/chaos/kill?kind=room&how=panic-before", "Authorization", "Bearer "+token)
	return status
}

func TestChaosIsOnTheOperatorsAddressUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	none, byDefault, public := startNode(t), startNode(t, "CHAOS_TOKEN="+chaosToken), startNode(t, "CHAOS_TOKEN="+chaosToken, "CHAOS_PUBLIC=true")
	for _, path := range []string{"/chaos", "/chaos/actors", "/chaos/tree", "/chaos/counters", "/chaos.js", "/theme.css"} {
		isPage := strings.Contains(path, ".")
		for _, c := range []struct {
			url  string
			want bool
		}{
			{none.URL, isPage}, {none.Admin, false},
			{byDefault.URL, isPage}, {byDefault.Admin, true},
			{public.URL, true}, {public.Admin, true},
		} {
			status, header, _ := asked(t, http.MethodGet, c.url+path, "Authorization", "Bearer "+chaosToken)
			if (status == http.StatusOK) != c.want {
				t.Errorf("%s%s is answered with %d", c.url, path, status)
			}
			if status == http.StatusOK && !strings.Contains(path, "/chaos/") && header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s%s has the headers %v", c.url, path, header)
			}
		}
	}
	if status, _, body := asked(t, http.MethodGet, byDefault.Admin+"/"); status != http.StatusNotFound {
		t.Errorf("operators have a chat: %d, %s", status, body)
	}
}

func TestGuessesOfTheChaosTokenAreLimited(t *testing.T) {
	t.Parallel()
	n := startNode(t, "CHAOS_TOKEN="+chaosToken, "CHAOS_PUBLIC=true", "TRUSTED_PROXIES=127.0.0.0/8")
	show := func(ip, token string) (int, http.Header) {
		status, header, _ := asked(t, http.MethodGet, n.URL+"/chaos/counters", "X-Forwarded-For", ip, "Authorization", "Bearer "+token)
		return status, header
	}
	for range 20 { // who has it may ask as often as it likes
		if status, _ := show("203.0.113.5", chaosToken); status != http.StatusOK {
			t.Fatalf("the token is answered with %d", status)
		}
	}
	guesses := 0
	for ; guesses < 20; guesses++ {
		status, header := show("203.0.113.5", "guess "+strconv.Itoa(guesses))
		if status == http.StatusTooManyRequests {
			if wait, err := strconv.Atoi(header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
				t.Errorf("told to wait for %q", header.Get("Retry-After"))
			}
			break
		}
		if status != http.StatusUnauthorized {
			t.Errorf("a guess is answered with %d", status)
		}
	}
	if guesses < 3 || guesses > 10 {
		t.Errorf("%d guesses were looked at", guesses)
	}
	if status, _ := show("203.0.113.5", chaosToken); status != http.StatusTooManyRequests {
		t.Errorf("the guess that is right is answered with %d", status)
	}
	if status, _ := show("203.0.113.6", chaosToken); status != http.StatusOK {
		t.Errorf("the token is answered with %d to another address", status)
	}
}

func TestOperatorsAddressAnswersNoNameThatWasPointedAtIt(t *testing.T) {
	t.Parallel()
	n := startNode(t, "CHAOS_TOKEN="+chaosToken)
	_, port, _ := strings.Cut(strings.TrimPrefix(n.Admin, "http://"), ":")
	for host, want := range map[string]int{
		"127.0.0.1:" + port: http.StatusOK, "[::1]:" + port: http.StatusOK, "localhost:" + port: http.StatusOK, "LOCALHOST": http.StatusOK,
		"evil.example:" + port: http.StatusForbidden, "evil.example": http.StatusForbidden, "localhost.evil.example": http.StatusForbidden, "127.0.0.1.evil.example": http.StatusForbidden,
	} {
		for _, path := range []string{"/metrics", "/debug/pprof/cmdline", "/chaos", "/healthz"} {
			if status, _, _ := asked(t, http.MethodGet, n.Admin+path, "Host", host); status != want {
				t.Errorf("%s of %s is answered with %d", path, host, status)
			}
		}
	}
}
