package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/drill/rig"
)

// TestPage shares one Chromium, since starting it takes longer than most of what it is used for. Everybody has a
// browser context of their own, and every test a server of its own.
func TestPage(t *testing.T) {
	browser := startBrowser(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *chromium)
	}{
		{"two people talk in public", twoPeopleTalkInPublic},
		{"explains a taken name", explainsATakenName},
		{"counts unread direct messages", countsUnreadDirectMessages},
		{"keeps name and messages over a reload", keepsNameAndMessagesOverAReload},
		{"sends what was written offline once", sendsWhatWasWrittenOfflineOnce},
		{"keeps unsent messages over a reload", keepsUnsentMessagesOverAReload},
		{"loads older history on scroll", loadsOlderHistoryOnScroll},
		{"shows markup as text", showsMarkupAsText},
		{"works with the keyboard and remembers the theme", worksWithTheKeyboardAndRemembersTheTheme},
		{"kills an actor and shows it heal", killsAnActorAndShowsItHeal},
		{"sends a burst in order at the server's pace", sendsABurstInOrderAtTheServersPace},
		{"sends at the server's pace after a reload", sendsAtTheServersPaceAfterAReload},
		{"says that its name is somebody else's", saysThatItsNameIsSomebodyElses},
		{"has its name after a restart", hasItsNameAfterARestart},
		{"says that its rejoin finds the name taken", saysThatItsRejoinFindsTheNameTaken},
		{"waits for history and joins that are limited", waitsForHistoryAndJoinsThatAreLimited},
		{"finds, makes, enters and leaves rooms", findsMakesEntersAndLeavesRooms},
		{"opens a room by its link", opensARoomByItsLink},
		{"is in its rooms again after a reload and on a new device", isInItsRoomsAgain},
		{"sends what was written in a room offline once", sendsWhatWasWrittenInARoomOfflineOnce},
		{"says why a room can't be entered", saysWhyARoomCantBeEntered},
		{"is made of parts that hold by themselves", isMadeOfPartsThatHoldByThemselves},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, browser) })
	}
}

func twoPeopleTalkInPublic(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	bob := browser.open(t, server.URL, "Bob Müller 小")

	alice.until(`names() == "alice,Bob Müller 小"`)
	bob.until(`names() == "alice,Bob Müller 小"`)
	alice.say("hello: all")
	bob.until(`texts() == "hello: all"`)
	bob.say("hello back")
	alice.until(`texts() == "hello: all|hello back"`)
	alice.until(`document.querySelectorAll(".message.own").length == 1`)

	bob.do(chromedp.Click(chromedp.CSS("#leave")))
	alice.until(`names() == "alice"`)
}

func explainsATakenName(t *testing.T, browser *chromium) {
	server := startNode(t)
	browser.open(t, server.URL, "alice")
	other := browser.visit(t, server.URL)
	other.join("alice")
	other.until(`document.querySelector("#name-error").textContent.includes("using that name")`)
	other.join("carol")
	other.until(`!document.querySelector("#chat").hidden && names() == "alice,carol"`)
}

func countsUnreadDirectMessages(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	bob := browser.open(t, server.URL, "bob")

	alice.openThread("bob")
	alice.say("one")
	alice.say("two")
	bob.until(`unread("alice") == "2" && document.title == "(2) Parley" && texts() == ""`)
	bob.openThread("alice")
	bob.until(`texts() == "one|two" && unread("alice") == "" && document.title == "Parley"`)
	bob.say("three")
	alice.until(`texts() == "one|two|three"`)

	bob.reload()
	bob.until(`texts() == "one|two|three" && unread("alice") == ""`)
}

func keepsNameAndMessagesOverAReload(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	bob := browser.open(t, server.URL, "bob")
	alice.say("before")
	bob.until(`texts() == "before"`)

	alice.reload()
	alice.until(`texts() == "before" && document.querySelector("#self-name").textContent == "alice"`)
	alice.say("after")
	bob.until(`texts() == "before|after"`)
	bob.until(`names() == "alice,bob"`)
}

func sendsWhatWasWrittenOfflineOnce(t *testing.T, browser *chromium) {
	redis, err := rig.NewRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { redis.Close() })
	env := []string{"REDIS_ADDR=" + redis.Addr(), "LISTEN_ADDR=" + freeAddr(t)}
	server := startNode(t, env...)
	alice := browser.open(t, server.URL, "alice")
	bob := browser.open(t, server.URL, "bob")
	for _, p := range []*person{alice, bob} {
		p.watchForDoubles()
	}
	alice.say("first")
	bob.until(`texts() == "first"`)

	server.Stop()
	alice.until(`linkState() != "joined"`)
	alice.say("written offline")
	alice.until(`document.querySelectorAll(".pending").length == 1 && texts() == "first|written offline"`)
	alice.until(`!document.querySelector("#notice").hidden`)

	startNode(t, env...)
	for _, p := range []*person{alice, bob} {
		p.until(`linkState() == "joined" && texts() == "first|written offline" && !document.querySelector(".pending")`)
		p.until(`document.querySelector("#notice").hidden && names() == "alice,bob"`)
	}
	bob.say("welcome back")
	alice.until(`texts() == "first|written offline|welcome back"`)
	bob.until(`texts() == "first|written offline|welcome back" && !window.doubled`)
}

func keepsUnsentMessagesOverAReload(t *testing.T, browser *chromium) {
	redis, err := rig.NewRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { redis.Close() })
	env := []string{"REDIS_ADDR=" + redis.Addr(), "LISTEN_ADDR=" + freeAddr(t)}
	server := startNode(t, env...)
	alice := browser.open(t, server.URL, "alice")
	server.Stop()
	alice.until(`linkState() != "joined"`)
	alice.say("kept")
	alice.until(`JSON.parse(sessionStorage.getItem("parley.outbox")).length == 1`)

	alice.do(chromedp.Navigate("about:blank")) // there is nothing yet to reload the page from
	startNode(t, env...)
	alice.do(chromedp.Navigate(server.URL), chromedp.Evaluate[chromedp.Void](pageFuncs))
	alice.until(`linkState() == "joined"`)
	alice.until(`texts() == "kept" && !document.querySelector(".pending")`)
	bob := browser.open(t, server.URL, "bob")
	bob.until(`texts() == "kept"`)
}

func loadsOlderHistoryOnScroll(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	const sent = 160
	alice.run(fmt.Sprintf(`import("/chat.js").then(({Chat}) => new Promise((done) => {
		const chat = new Chat({url: new URL("ws", location.href), session: null, local: null});
		let acked = 0;
		chat.on("joined", () => { for (let i = 1; i <= %d; i++) chat.say("line " + i); });
		chat.on("outbox", () => { if (chat.state == "joined" && !chat.pending("").length) done(); });
		chat.join("writer");
	}))`, sent))

	bob := browser.open(t, server.URL, "bob")
	bob.until(fmt.Sprintf(`texts().endsWith("line %d")`, sent))
	bob.run(`void setInterval(() => { document.querySelector("#scroller").scrollTop = 0; }, 50)`)
	want := make([]string, sent)
	for i := range want {
		want[i] = fmt.Sprintf("line %d", i+1)
	}
	bob.until(fmt.Sprintf(`texts() == %q`, strings.Join(want, "|")))
}

func showsMarkupAsText(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	bob := browser.open(t, server.URL, "bob")
	bob.run(`window.hacked = false; window.alert = () => { window.hacked = true; }`)

	markup := `<img src=x onerror="hacked=true"><script>hacked=true</script> <a href="javascript:hacked=true">x</a> javascript:alert(1) {{1}} &lt;b&gt;`
	alice.say(markup)
	bob.until(fmt.Sprintf(`texts() == %s`, quote(markup)))
	bob.until(`document.querySelectorAll("#log .text *").length == 0 && !window.hacked`)

	alice.say("not https://example.org@evil.example/ https://a:b@evil.example http://@evil.example https:///example.org@evil.example")
	bob.until(`texts().includes("http://@evil.example") && !document.querySelector("#log a")`)

	alice.say("see https://example.org/a_(b)?c=1#d, or (http://example.org).")
	bob.until(`[...document.querySelectorAll("#log a")].map((a) => a.getAttribute("href")).join(" ") == "https://example.org/a_(b)?c=1#d http://example.org"`)
	bob.until(`[...document.querySelectorAll("#log a")].every((a) => a.target == "_blank" && a.relList.contains("noopener") && a.relList.contains("noreferrer"))`)
	alice.say("and https://example.org/@alice?to=a@b")
	bob.until(`[...document.querySelectorAll("#log a")].at(-1).getAttribute("href") == "https://example.org/@alice?to=a@b"`)
}

func worksWithTheKeyboardAndRemembersTheTheme(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	alice.until(`document.activeElement.id == "field"`)
	alice.do(chromedp.SendKeys(chromedp.CSS("#field"), "first line"))
	alice.press("Enter", chromedp.ModifierShift)
	alice.do(chromedp.SendKeys(chromedp.CSS("#field"), "second line"))
	alice.press("Enter", chromedp.ModifierNone)
	alice.until(`texts() == "first line\nsecond line" && document.querySelector("#field").value == ""`)

	alice.do(chromedp.Click(chromedp.CSS("#theme")))
	alice.until(`document.documentElement.dataset.theme == "dark"`)
	alice.reload()
	alice.until(`document.documentElement.dataset.theme == "dark"`)

	alice.do(chromedp.EmulateViewport(390, 800))
	alice.until(`getComputedStyle(document.querySelector("#people-panel")).visibility == "hidden"`)
	alice.do(chromedp.Click(chromedp.CSS("#open-people")))
	alice.until(`getComputedStyle(document.querySelector("#people-panel")).visibility == "visible" && document.activeElement.dataset.name == "alice"`)
	alice.press("Escape", chromedp.ModifierNone)
	alice.until(`getComputedStyle(document.querySelector("#people-panel")).visibility == "hidden" && document.activeElement.id == "open-people"`)
	alice.until(`document.documentElement.scrollWidth <= 390`)
}

func killsAnActorAndShowsItHeal(t *testing.T, browser *chromium) {
	server := startNode(t, "CHAOS_TOKEN="+chaosToken)
	operator := browser.visit(t, server.Admin+"/chaos")
	enter := func(token string) {
		operator.do(chromedp.WaitVisible(chromedp.CSS("#token")), chromedp.SetValue(chromedp.CSS("#token"), token), chromedp.Click(chromedp.CSS("#unlock button")))
	}
	enter("wrong")
	operator.until(`document.querySelector("#token-error").textContent != ""`)
	enter(chaosToken)
	operator.until(`["chat", "bridge", "room", "rooms", "dms", "sessions"].every((name) => document.querySelector("#tree [data-actor=" + name + "]"))`)
	operator.do(chromedp.Click(chromedp.CSS(`#how input[value="restart"]`)), chromedp.Click(chromedp.CSS(`#tree [data-actor="room"]`)))
	operator.until(`document.querySelector("#kills .good .result")?.textContent.startsWith("healed in")`)
	operator.until(`document.querySelector("#counters .lost .value").textContent == "0"`)
}

// What follows serves the tests of this file only.

// pageFuncs read the page as a person would: they are there in every page that a person opens.
const pageFuncs = `
	window.texts = () => [...document.querySelectorAll("#log .text")].map((p) => p.textContent).join("|");
	window.names = () => [...document.querySelectorAll("#people [data-name]")].map((b) => b.dataset.name).join(",");
	window.linkState = () => document.querySelector("#link-state").dataset.state;
	window.unread = (peer) => document.querySelector(".lists [data-place=" + CSS.escape(peer) + "] .badge")?.dataset.label ?? "";
`

type chromium struct{ ctx context.Context }

// startBrowser starts Chromium with a new profile, for the length of the test.
func startBrowser(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: run the tests with `make test`, which installs what is missing")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox,
		chromedp.WindowSize(1280, 800),
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-background-networking", true),
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("failed to start chromium: %v", err)
	}
	// The profile can be removed only after the browser has gone.
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	return &chromium{ctx}
}

// person is one tab in a browser context of its own: with cookies and storage that no other person has.
type person struct {
	t   *testing.T
	ctx context.Context
}

func (c *chromium) visit(t *testing.T, url string) *person {
	t.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	p := &person{t, ctx}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			// A refused connection is what a stopped server looks like; anything thrown is a bug.
			if m.IsException() || strings.Contains(m.Text, "Content Security Policy") {
				t.Errorf("the page said: %v", m)
			}
		}
	}()
	p.do(chromedp.Navigate(url), chromedp.Evaluate[chromedp.Void](pageFuncs))
	return p
}

func (c *chromium) open(t *testing.T, url, name string) *person {
	t.Helper()
	p := c.visit(t, url)
	p.join(name)
	p.until(`linkState() == "joined"`)
	return p
}

func (p *person) join(name string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS("#name")), chromedp.SetValue(chromedp.CSS("#name"), name), chromedp.Click(chromedp.CSS("#enter")))
}

func (p *person) say(text string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS("#field")), chromedp.SendKeys(chromedp.CSS("#field"), text), chromedp.Click(chromedp.CSS("#send")))
	p.until(`document.querySelector("#field").value == ""`)
}

func (p *person) openThread(peer string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`#people [data-name=%q]`, peer))))
	p.until(fmt.Sprintf(`document.querySelector("#thread-title").textContent == %q`, peer))
}

func (p *person) reload() {
	p.t.Helper()
	p.do(chromedp.Reload(), chromedp.Evaluate[chromedp.Void](pageFuncs))
	p.until(`linkState() == "joined"`)
}

// watchForDoubles notes in the page when one text is ever shown by two rows, also between two looks of the test.
func (p *person) watchForDoubles() {
	p.t.Helper()
	p.run(`new MutationObserver(() => {
		const all = texts().split("|");
		if (new Set(all).size != all.length) window.doubled = all.join("|");
	}).observe(document.querySelector("#log"), {childList: true, subtree: true}); void 0`)
}

// press sends a key as a keyboard does; SendKeys would also insert the character of an Enter that the page took.
func (p *person) press(key string, modifiers kb.Modifier) {
	p.t.Helper()
	codes := map[string]int64{"Enter": 13, "Escape": 27}
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			event := input.DispatchKeyEventParams{Type: kind, Key: key, Code: key, WindowsVirtualKeyCode: codes[key], Modifiers: int64(modifiers)}
			if key == "Enter" && kind == input.DispatchKeyEventTypeKeyDown {
				event.Text = "\r" // it comes to be unless the page takes the key
			}
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, event); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (p *person) run(script string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](script, chromedp.EvalAwaitPromise))
}

// until waits for something to be true in the page, and says what the page shows where it does not become so.
func (p *person) until(condition string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[chromedp.Void](condition, chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second)))
	if err == nil {
		return
	}
	shown, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`JSON.stringify({title: document.title, text: document.body.innerText, doubled: window.doubled})`))
	p.t.Fatalf("never became true: %s: %v; the page shows %s", condition, err, shown)
}

func (p *person) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// freeAddr is an address nobody listens on, for a server that has to come back at the same place.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// quote writes a Go string as one of JavaScript.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
