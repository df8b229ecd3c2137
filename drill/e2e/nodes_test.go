package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/drill/rig"
)

func TestTwoNodesOnOneRedisAreOneChat(t *testing.T) {
	redis := startRedis(t)
	a, b := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr())
	alice, bob := join(t, a, "alice"), join(t, b, "bob")
	alice.await("bob's coming", func(f rig.Frame) bool {
		return f.Type == "member_add" && strings.Contains(string(f.Raw), `"bob"`)
	})
	alice.say("msg#1:alice:across")
	there, ack := bob.hearText("across"), alice.hear("ack")
	if here := alice.hearText("across"); string(here.Raw) != string(there.Raw) || here.ID != ack.ID {
		t.Errorf("nodes differ: %s, %s, acked %d", here.Raw, there.Raw, ack.ID)
	}
	bob.say("dm:bob:alice:back")
	alice.hearText("back")
	bob.hearText("back")
	taken := connect(t, b, "")
	taken.say("join:alice")
	taken.hearError("name_taken")
	bob.Close()
	alice.await("bob's going", func(f rig.Frame) bool {
		return f.Type == "member_remove" && strings.Contains(string(f.Raw), `"name":"bob","count":1`)
	})
}

// joined is what a joined frame says.
type joined struct {
	Name, Token string
	DMs         []struct {
		ID, Cursor int64
		Text       string
	}
	Cursor        int64
	Conversations []struct {
		Peer string
		ID   int64
	}
	Truncated bool
}

func (u *user) hearJoined() joined {
	u.test.Helper()
	var j joined
	if err := json.Unmarshal(u.hear("joined").Raw, &j); err != nil {
		u.test.Fatal(err)
	}
	return j
}

// opening is what an init frame says.
type opening struct {
	Members     []string
	MemberCount int `json:"member_count"`
	History     []struct {
		ID   int64
		Text string
	}
	Cursor    int64
	Truncated bool
}

func (u *user) hearInit() opening {
	u.test.Helper()
	var o opening
	if err := json.Unmarshal(u.hear("init").Raw, &o); err != nil {
		u.test.Fatal(err)
	}
	return o
}

func TestHistoryAndMessagesOutlastTheServer(t *testing.T) {
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := connect(t, n, "")
	alice.say("join:alice")
	token := alice.hearJoined().Token
	for i := range 25 {
		alice.say(fmt.Sprintf("msg:alice:line %d", i))
	}
	alice.hearText("line 24")
	alice.say("dm:alice:bob:for later")
	alice.hear("dm")
	n.Stop()

	n = startNode(t, "REDIS_ADDR="+redis.Addr())
	bob := connect(t, n, "")
	history := bob.hearInit()
	if len(history.History) != 20 || history.History[19].Text != "line 24" || history.Cursor != history.History[19].ID {
		t.Errorf("history is %+v", history)
	}
	bob.say("join:bob")
	if j := bob.hearJoined(); len(j.DMs) != 1 || j.DMs[0].Text != "for later" || j.DMs[0].Cursor != j.Cursor ||
		len(j.Conversations) != 1 || j.Conversations[0].Peer != "alice" {
		t.Errorf("bob was told %+v", j)
	}
	back := connect(t, n, "?dmsince=0&since="+strconv.FormatInt(history.History[9].ID, 10))
	if o := back.hearInit(); len(o.History) != 10 || o.History[0].Text != "line 15" || o.Truncated {
		t.Errorf("resumed with %+v", o)
	}
	back.say("join:alice:" + token)
	if j := back.hearJoined(); len(j.DMs) != 1 || j.Token != token {
		t.Errorf("alice was told %+v", j)
	}
}

func TestBadCursorsAreRefusedInASentence(t *testing.T) {
	n := startNode(t)
	future := strconv.FormatInt(time.Now().Add(2*time.Minute).UnixMicro(), 10)
	for _, query := range []string{"?since=abc", "?since=-1", "?since=", "?since=" + future, "?dmsince=x", "?dmsince=" + future, "?since=99999999999999999999"} {
		_, err := rig.Dial(context.Background(), n.WS()+query, rig.ClientOptions{})
		refused, ok := err.(*rig.RefusedError) //nolint:errorlint // it is not wrapped
		if !ok || refused.Status != http.StatusBadRequest || !strings.HasSuffix(strings.TrimSpace(refused.Body), ".") {
			t.Errorf("%s: %v", query, err)
		}
	}
	connect(t, n, "?since=0&dmsince=0").hear("init")
}

func TestServerComesUpWithoutRedisAndHealsWhenItComes(t *testing.T) {
	redis := startRedis(t)
	if err := redis.Kill(); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, "REDIS_ADDR="+redis.Addr(), "REDDIS_ADDR=elsewhere")
	if status, _ := n.get(n.URL + "/healthz"); status != http.StatusOK {
		t.Errorf("healthz says %d", status)
	}
	eventually(t, "the log says what does not answer, and why", func() bool {
		return strings.Contains(n.Log(), `dial tcp `+redis.Addr()+`: connect: connection refused`)
	})
	if !strings.Contains(n.Log(), "is REDIS_ADDR meant?") {
		t.Error("the log says nothing of a setting that is misspelled")
	}
	eventually(t, "readyz says why it is red", func() bool {
		status, body := n.get(n.Admin + "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "redis does not answer")
	})
	if status, body := n.get(n.URL + "/readyz"); status != http.StatusServiceUnavailable || body != "not ready: redis\n" {
		t.Errorf("everybody is told %q with %d", body, status)
	}
	u := connect(t, n, "")
	if o := u.hearInit(); !o.Truncated || o.Cursor <= time.Now().Add(-time.Hour).UnixMicro() || o.Cursor >= time.Now().UnixMicro() {
		t.Errorf("opened with %+v", o)
	}
	u.say("join#j:alice")
	u.hearError("unavailable")
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, "readyz is green", func() bool { status, _ := n.get(n.URL + "/readyz"); return status == http.StatusOK })
	u.say("join#j:alice")
	u.hear("joined")
	u.say("msg:alice:at last")
	u.hearText("at last")
	t.Logf("served %v after redis came", time.Since(began))
	for _, once := range []string{"redis does not answer", "redis answers"} {
		if said := strings.Count(n.Log(), `"message":"`+once+`"`); said != 1 {
			t.Errorf("the log says %d times that %s", said, once)
		}
	}
}

func TestEmbeddedRedisServesAndSaysThatItForgets(t *testing.T) {
	n := startNode(t)
	eventually(t, "the server is ready", func() bool { status, _ := n.get(n.URL + "/readyz"); return status == http.StatusOK })
	if _, body := n.get(n.URL + "/readyz"); !strings.Contains(body, "nothing is kept") {
		t.Errorf("readyz says %q", body)
	}
	alice, bob := join(t, n, "alice"), join(t, n, "bob")
	alice.say("msg#1:alice:hello")
	alice.say("msg#1:alice:hello")
	alice.hear("ack")
	alice.hear("ack")
	alice.say("dm:alice:bob:psst")
	bob.hearText("hello")
	bob.hearText("psst")
	bob.say("dmhistory:alice:")
	if f := bob.hear("history"); strings.Count(string(f.Raw), `"type":"dm"`) != 1 {
		t.Errorf("history is %s", f.Raw)
	}
	if _, body := n.get(n.URL + "/"); !strings.Contains(body, "<title>") {
		t.Error("there is no page")
	}
}

func TestDrainTellsClientsAndKeepsWhatTheySaid(t *testing.T) {
	redis := startRedis(t)
	n := startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, n, "alice")
	went := make(chan struct{})
	go func() { n.Stop(); close(went) }()
	alice.hear("drain")
	eventually(t, "readyz is red", func() bool {
		answer, err := http.Get(n.URL + "/readyz") //nolint:noctx // a server of this test
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		return answer.StatusCode == http.StatusServiceUnavailable && string(body) == "not ready: draining\n"
	})
	if status, header := dialStatus(t, n, "", nil); status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("who comes meanwhile is answered with %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	alice.say("msg#last:alice:before I go")
	ack := alice.hear("ack")
	<-alice.Done()
	if alice.CloseCode() != 1012 {
		t.Errorf("closed with %d", alice.CloseCode())
	}
	<-went
	score, err := redis.Do(context.Background(), "ZSCORE", "{chat:messages}:refs", "alice#last")
	if err != nil || fmt.Sprint(score) != fmt.Sprint(ack.ID) {
		t.Errorf("the log has %v (%v), acked was %d", score, err, ack.ID)
	}
}
