package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"parley/drill/rig"
)

// What TestPage has people do where the server limits them, or has given their name away.

// burst is far more than MESSAGE_RATE lets through at once.
const burst = 60

// paste has a person say so many lines as fast as a page can.
func (p *person) paste(lines int) {
	p.t.Helper()
	p.run(fmt.Sprintf(`for (let i = 1; i <= %d; i++) {
		document.querySelector("#field").value = "line " + i;
		document.querySelector("#field").dispatchEvent(new Event("input"));
		document.querySelector("#composer").requestSubmit();
	}`, lines))
}

// watchForTrouble notes in the page when a message is shown as failed, or the connection is lost.
func (p *person) watchForTrouble() {
	p.t.Helper()
	p.run(`window.trouble = []; new MutationObserver(() => {
		if (document.querySelector(".failed")) trouble.push("failed");
		if (linkState() != "joined") trouble.push(linkState());
	}).observe(document.body, {childList: true, subtree: true, attributes: true}); void 0`)
}

func lines(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("line %d", i+1)
	}
	return strings.Join(all, "|")
}

// settle waits until everything a person said is stored: at 2 messages a second that is longer than one wait.
func (p *person) settle() {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelectorAll(".pending").length < %d`, burst/3))
	p.until(`!document.querySelector(".pending")`)
}

func sendsABurstInOrderAtTheServersPace(t *testing.T, browser *chromium) {
	server := startAsIs(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice := browser.open(t, server.URL, "alice")
	bob := join(t, server, "bob")
	alice.watchForDoubles()
	alice.watchForTrouble()
	alice.paste(burst)
	alice.until(`document.querySelector("#notice").textContent.includes("faster than the server")`)
	alice.settle()
	alice.until(fmt.Sprintf(`texts() == %q && !window.doubled && window.trouble.length == 0`, lines(burst)))
	alice.until(`document.querySelector("#notice").hidden`)
	bob.hearText(fmt.Sprintf("line %d", burst))
	if heard := bob.told(); heard != lines(burst) {
		t.Errorf("others were told %s", heard)
	}
	if refused := server.metric(`parley_refusals_total`); refused == 0 || refused > burst/4 {
		t.Errorf("%v times the page was told to wait", refused)
	}
}

// told is the text of every public message that a client was told, in order.
func (u *user) told() string {
	var all []string
	for _, f := range u.Frames() {
		if _, rest, ok := strings.Cut(string(f.Raw), `"text":"`); ok && f.Type == "msg" {
			text, _, _ := strings.Cut(rest, `"`)
			all = append(all, text)
		}
	}
	return strings.Join(all, "|")
}

func sendsAtTheServersPaceAfterAReload(t *testing.T, browser *chromium) {
	server := startAsIs(t, "REDIS_ADDR="+startRedis(t).Addr())
	alice := browser.open(t, server.URL, "alice")
	bob := join(t, server, "bob")
	alice.paste(burst)
	alice.until(`document.querySelectorAll(".pending").length < 40`)
	alice.reload()
	alice.watchForTrouble()
	alice.settle()
	alice.until(`window.trouble.length == 0`)
	bob.hearText(fmt.Sprintf("line %d", burst))
	if heard := bob.told(); heard != lines(burst) {
		t.Errorf("others were told %s", heard)
	}
}

func saysThatItsNameIsSomebodyElses(t *testing.T, browser *chromium) {
	redis := startRedis(t)
	stalls, lives := startNode(t, "REDIS_ADDR="+redis.Addr()), startNode(t, "REDIS_ADDR="+redis.Addr(), "NAME_HOLD=0s")
	alice := browser.open(t, stalls.URL, "alice")
	alice.say("before")
	if err := stalls.proc.Pause(); err != nil {
		t.Fatal(err)
	}
	alice.say("is it still me?")
	alice.say("I wonder")
	heir := connect(t, lives, "")
	heir.name = "alice"
	eventually(t, "the name is free", func() bool { _, ok := heir.tryJoin("join:alice"); return ok })
	if err := stalls.proc.Resume(); err != nil {
		t.Fatal(err)
	}
	alice.until(`document.querySelector("#name-error").textContent.includes("The name alice is somebody else’s now") &&
		document.querySelector("#name-error").textContent.includes("2 messages") &&
		document.querySelector("#chat").hidden && document.querySelector("#name").value == "alice"`)
	alice.until(`!localStorage.getItem("parley.token.alice") && !sessionStorage.getItem("parley.name")`)

	alice.join("carol")
	alice.until(`linkState() == "joined" && texts() == "before|is it still me?|I wonder"`)
	alice.until(`document.querySelectorAll(".failed.row .own").length == 2`)
	alice.say("hello, I was alice")
	heir.hearText("hello, I was alice")
	if heard := heir.told(); heard != "hello, I was alice" {
		t.Errorf("others were told %s", heard)
	}
	// A person may say it under the new name.
	alice.until(`document.querySelector(".failed.row:last-child .mark button")?.textContent == "Send as carol"`)
	alice.do(chromedp.Click(chromedp.CSS(`.failed.row:last-child .mark button`)))
	heir.hearText("I wonder")
	alice.until(`document.querySelectorAll(".failed.row").length == 1`)
}

func hasItsNameAfterARestart(t *testing.T, browser *chromium) {
	redis := startRedis(t)
	env := []string{"REDIS_ADDR=" + redis.Addr(), "LISTEN_ADDR=" + freeAddr(t)}
	before := startNode(t, env...)
	alice := browser.open(t, before.URL, "alice")
	eventually(t, "the name is held", func() bool { return do(t, redis, "HEXISTS", "chat:claim:alice", "held") == int64(1) })
	alice.do(chromedp.Navigate("about:blank"))
	before.Stop()

	after := startNode(t, env...)
	if _, ok := connect(t, after, "").tryJoin("join:alice"); ok {
		t.Fatal("a stranger has the name")
	}
	alice.do(chromedp.Navigate(after.URL), chromedp.Evaluate[chromedp.Void](pageFuncs))
	alice.until(`linkState() == "joined" && names() == "alice"`)
}

func saysThatItsRejoinFindsTheNameTaken(t *testing.T, browser *chromium) {
	redis := startRedis(t)
	env := []string{"REDIS_ADDR=" + redis.Addr(), "LISTEN_ADDR=" + freeAddr(t), "NAME_HOLD=0s"}
	server := startNode(t, env...)
	alice := browser.open(t, server.URL, "alice")
	server.Stop()
	alice.until(`linkState() != "joined"`)
	alice.say("not sent")
	alice.run(`localStorage.setItem("parley.token.alice", "of an earlier claim")`)
	do(t, redis, "DEL", "chat:claim:alice")
	heir := join(t, startNode(t, "REDIS_ADDR="+redis.Addr()), "alice")
	startNode(t, env...)
	alice.until(`document.querySelector("#name-error").textContent.includes("somebody else’s now. Choose another to go on. One message")`)
	alice.join("carol")
	alice.until(`linkState() == "joined" && texts() == "not sent" && document.querySelectorAll(".failed.row").length == 1`)
	alice.say("sent")
	heir.hearText("sent")
}

func waitsForHistoryAndJoinsThatAreLimited(t *testing.T, browser *chromium) {
	const sent = 160
	server := startNode(t, "REDIS_ADDR="+startRedis(t).Addr(), "JOIN_RATE_PER_IP=6", "BYTE_RATE_PER_IP=4000")
	writer := join(t, server, "writer")
	for i := range sent {
		writer.say(fmt.Sprintf("msg#r%d:writer:line %d", i, i+1))
		writer.hear("ack")
	}
	alice := browser.visit(t, server.URL)
	// Others of this address have joined as often as it may for some seconds to come.
	const while = 6 * time.Second
	for i := 0; ; i++ {
		other := connect(t, server, "")
		other.say(fmt.Sprintf("join#j:n%d", i))
		answer := other.await("an answer", func(f rig.Frame) bool { return f.Ref == "j" })
		if wait, limited := retryAfter(t, answer); limited && wait >= while {
			break
		}
	}
	alice.join("alice")
	alice.until(`document.querySelector("#enter").textContent.includes("Trying again")`)
	alice.until(`linkState() == "joined"`)

	// Others of this address have spent what it may ask to be told again.
	for {
		writer.say("history#h:")
		answer := writer.await("an answer", func(f rig.Frame) bool { return f.Type == "history" || f.Type == "error" })
		if answer.Type == "error" {
			break
		}
	}
	alice.watchForTrouble()
	alice.run(`void setInterval(() => { document.querySelector("#scroller").scrollTop = 0; }, 20)`)
	alice.until(fmt.Sprintf(`texts() == %q && window.trouble.length == 0`, lines(sent)))
	if server.metric(`parley_refusals_total`) < 3 {
		t.Error("the page was never told to wait")
	}
}
