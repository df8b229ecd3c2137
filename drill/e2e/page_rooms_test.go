package e2e

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
)

// What TestPage has people do in rooms.

// title waits until the thread with this title is open.
func (p *person) title(title string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelector("#thread-title").textContent == %s`, quote(title)))
}

// find types into the dialog for rooms with the keyboard alone, and takes what is first.
func (p *person) find(room string) {
	p.t.Helper()
	p.run(`document.querySelector("#open-finder").focus()`)
	p.press("Enter", chromedp.ModifierNone)
	p.until(`document.activeElement.id == "sought"`)
	p.do(chromedp.SendKeys(chromedp.CSS("#sought"), room))
	p.until(`document.querySelector("#found-note").textContent != "Looking…" && document.querySelector("#found button")`)
	p.press("Enter", chromedp.ModifierNone)
}

func (p *person) openRoom(room string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`#rooms [data-place=%q]`, "/"+room))))
	p.title(room)
}

const theRooms = `[...document.querySelectorAll("#rooms .label")].map((l) => l.textContent).join(",")`

func findsMakesEntersAndLeavesRooms(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	bob := browser.open(t, server.URL, "bob")
	carol := browser.open(t, server.URL, "carol")
	alice.find("Garden")
	alice.title("Garden")
	alice.until(`document.activeElement.id == "field" && location.hash == "#room=Garden" && names() == "alice"`)
	alice.say("first")

	bob.find("garden") // as it was made, not as it is typed
	bob.title("Garden")
	bob.until(`texts() == "first" && names() == "alice,bob"`)
	alice.until(`names() == "alice,bob" && document.querySelector("#thread-note").textContent == "2 here"`)
	bob.do(chromedp.Click(chromedp.CSS(`#rooms [data-place=""]`)))
	bob.until(`names() == "alice,bob,carol"`)
	alice.say("second")
	alice.say("third")
	bob.until(`unread("/Garden") == "2" && document.title == "(2) Parley" && texts() == ""`)
	bob.openRoom("Garden")
	bob.until(`texts() == "first|second|third" && unread("/Garden") == "" && document.title == "Parley"`)
	bob.until(`document.querySelector(".new-line").closest(".row").querySelector(".text").textContent == "second"`)
	carol.until(`texts() == "" && ` + theRooms + ` == "Everyone"`)

	bob.do(chromedp.Click(chromedp.CSS("#exit-room")))
	bob.title("Everyone")
	bob.until(`location.hash == "" && ` + theRooms + ` == "Everyone"`)
	alice.until(`names() == "alice"`)
	bob.find("gard") // what is there already comes before what may be made
	bob.title("Garden")
	bob.until(`texts() == "first|second|third" && !document.querySelector(".new-line")`)
}

func opensARoomByItsLink(t *testing.T, browser *chromium) {
	server := startNode(t)
	const room = "שיחה & עוד"
	alice := browser.visit(t, server.URL+"/#room="+url.QueryEscape(room))
	alice.until(fmt.Sprintf(`document.querySelector("#lead").textContent.includes(%s)`, quote(room)))
	alice.join("alice")
	alice.title(room)
	alice.run(`location.hash = "room=Other"`)
	alice.title("Other")
	alice.run(fmt.Sprintf(`location.hash = "room=" + encodeURIComponent(%s)`, quote(room)))
	alice.title(room)
	alice.until(theRooms + ` == ` + quote("Everyone,Other,"+room))
}

func isInItsRoomsAgain(t *testing.T, browser *chromium) {
	server := startNode(t)
	alice := browser.open(t, server.URL, "alice")
	bob := join(t, server, "bob")
	bob.enters("Lab")
	for _, room := range []string{"Garden", "Lab"} {
		alice.find(room)
		alice.title(room)
	}
	alice.say("seen")
	alice.openRoom("Garden")
	alice.do(chromedp.Navigate("about:blank"))
	bob.say("room#r1:bob:Lab:missed")
	bob.hear("ack")
	alice.do(chromedp.Navigate(server.URL), chromedp.Evaluate[chromedp.Void](pageFuncs))
	alice.until(`linkState() == "joined" && ` + theRooms + ` == "Everyone,Garden,Lab" && unread("/Lab") == "1"`)
	alice.title("Garden")
	alice.openRoom("Lab")
	alice.until(`texts() == "seen|missed" && names() == "alice,bob"`)

	alice.run(`sessionStorage.clear()`) // as in a browser's new tab
	alice.do(chromedp.Navigate("about:blank"), chromedp.Navigate(server.URL+"/#room=Den"), chromedp.Evaluate[chromedp.Void](pageFuncs))
	alice.join("alice")
	alice.until(`linkState() == "joined" && ` + theRooms + ` == "Everyone,Den,Garden,Lab"`)
	alice.title("Den")
}

func sendsWhatWasWrittenInARoomOfflineOnce(t *testing.T, browser *chromium) {
	env := []string{"REDIS_ADDR=" + startRedis(t).Addr(), "LISTEN_ADDR=" + freeAddr(t)}
	server := startNode(t, env...)
	alice := browser.open(t, server.URL, "alice")
	bob := browser.open(t, server.URL, "bob")
	for _, p := range []*person{alice, bob} {
		p.find("Garden")
		p.title("Garden")
		p.watchForDoubles()
	}
	alice.say("before")
	bob.until(`texts() == "before"`)
	server.Stop()
	alice.until(`linkState() != "joined"`)
	alice.say("written offline")
	alice.until(`document.querySelectorAll(".pending").length == 1`)
	startNode(t, env...)
	for _, p := range []*person{alice, bob} {
		p.until(`texts() == "before|written offline" && !document.querySelector(".pending") && names() == "alice,bob" && !window.doubled`)
	}
}

func saysWhyARoomCantBeEntered(t *testing.T, browser *chromium) {
	server := startNode(t, "ROOM_CREATE=nobody", "ROOMS=Lobby", "ROOMS_PER_CONNECTION=1")
	alice := browser.visit(t, server.URL+"/#room=Garden")
	alice.join("alice")
	alice.until(`document.querySelector("#alert").textContent.includes("You may not enter this room")`)
	alice.title("Everyone")
	alice.do(chromedp.Click(chromedp.CSS("#alert button")))
	alice.until(`document.querySelector("#alert").hidden && ` + theRooms + ` == "Everyone"`)

	alice.find("a:b")
	alice.until(`document.querySelector("#find-error").textContent.includes("64 characters") && document.querySelector("#finder").open`)
	alice.press("Escape", chromedp.ModifierNone)
	alice.until(`!document.querySelector("#finder").open`)
	alice.find("Garden")
	alice.until(`document.querySelector("#find-error").textContent.includes("You may not enter this room") && document.activeElement.id == "sought"`)
	alice.press("Escape", chromedp.ModifierNone)
	alice.find("lobby")
	alice.title("Lobby")
}
