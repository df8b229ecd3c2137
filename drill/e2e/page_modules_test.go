package e2e

import "testing"

// What TestPage asks of the modules that chat.js is made of, each by itself.

func isMadeOfPartsThatHoldByThemselves(t *testing.T, browser *chromium) {
	page := browser.visit(t, startNode(t).URL)
	for _, script := range []string{feedsTellEachMessageOnce, claimsAreAskedForUntilTheyAreLost, pagesAreAnsweredOnce, roomsAreEnteredUntilTheyAreLeft} {
		page.run(`(async () => {` + moduleFuncs + script + `})()`)
	}
}

// moduleFuncs are what the scripts below check with.
const moduleFuncs = `
	const is = (what, got, want) => {
		if (JSON.stringify(got) != JSON.stringify(want)) throw new Error(what + ": " + JSON.stringify(got) + ", not " + JSON.stringify(want));
	};
	const storage = (kept = {}) => ({
		kept, getItem: (key) => kept[key] ?? null, setItem: (key, value) => { kept[key] = value; }, removeItem: (key) => { delete kept[key]; },
	});
	const failure = (promise) => promise.then(() => { throw new Error("it was answered"); }, (error) => error);
`

const feedsTellEachMessageOnce = `
	const { Feeds } = await import("/feeds.js");
	const { Outbox } = await import("/outbox.js");
	const outbox = new Outbox(null, "outbox");
	let told = [];
	const feeds = new Feeds(outbox, (type, detail) => told.push(type == "messages" ? { ...detail, messages: detail.messages.map((m) => m.text + (m.ref ? "#" + m.ref : "")) } : type));
	const msg = (id, user = "bob") => ({ id, user, text: "m" + id, time: 0 });
	const dm = (id, cursor, user = "bob") => ({ id, cursor, user, to: user == "bob" ? "alice" : "bob", text: "d" + id, time: 0 });
	const hears = (what, feed, messages, past, ...want) => {
		told = [];
		feeds.hear(feed, messages, "alice", past);
		is(what, told, want);
	};
	const live = { gap: false, live: true, direct: false };

	is("a first connection is fresh", feeds.public.begin(false), true);
	hears("history", feeds.public, [msg(1), msg(2)], { gap: true }, { messages: ["m1", "m2"], gap: true, live: false, direct: false });
	feeds.public.advance(5);
	hears("what the cursor has passed", feeds.public, [msg(4), msg(5)], undefined);
	hears("a message", feeds.public, [msg(6)], undefined, { messages: ["m6"], ...live });
	hears("its double", feeds.public, [msg(6)], undefined);
	is("the cursor", feeds.public.cursor, 6);
	hears("a gap and nothing behind it", feeds.public, [], { gap: true }, { messages: [], gap: true, live: false, direct: false });

	is("a first join is fresh", feeds.inbox.begin(false), true);
	hears("an inbox, whose cursor is no id", feeds.inbox, [dm(9, 3)], undefined, { messages: ["d9"], ...live, direct: true });
	hears("an older one that came later", feeds.inbox, [dm(8, 4)], undefined, { messages: ["d8"], ...live, direct: true });
	is("the inbox' cursor", feeds.inbox.cursor, 4);

	const entry = (to, text) => { const e = outbox.add("alice", to, text); outbox.update(e, { sentAt: 1, after: to ? feeds.inbox.cursor : feeds.public.cursor }); return e.ref; };
	let ref = entry("", "m7");
	hears("one's own before its ack", feeds.public, [msg(7, "alice")], undefined, { messages: ["m7#" + ref], ...live }, "outbox");
	told = [];
	is("it was an entry", feeds.acked(ref, 7), true);
	is("its ack", told, []);
	is("its ack, again", feeds.acked(ref, 7), false);
	ref = entry("", "m8");
	feeds.acked(ref, 8);
	is("an ack before its message", told, [{ messages: ["m8#" + ref], ...live }]);
	hears("and then that", feeds.public, [msg(8, "alice")], undefined);
	ref = entry("bob", "d10");
	told = [];
	feeds.acked(ref, 10);
	is("an ack of a direct message", told, [{ messages: ["d10#" + ref], ...live, direct: true }]);
	hears("and then that in the inbox", feeds.inbox, [dm(10, 5, "alice")], undefined);

	const whole = () => [feeds.public.whole, feeds.inbox.whole];
	is("whole at first", whole(), [false, false]);
	is("both are resumed", [feeds.public.begin(false), feeds.inbox.begin(false)], [false, false]);
	is("whole when they were resumed", whole(), [true, true]);
	feeds.inbox.begin(true);
	is("whole when one is truncated", whole(), [true, false]);

	const den = feeds.of("/Den");
	const inRoom = (id, user = "bob") => ({ ...msg(id, user), room: "Den" });
	told = [];
	feeds.begin("/Den", { history: [inRoom(5), inRoom(6)], cursor: 6, truncated: false }, "alice");
	is("a room's history, whose ids the public feed has had", told, [{ messages: ["m5", "m6"], gap: true, live: false, direct: false, room: "Den" }]);
	hears("a message in a room", den, [inRoom(7)], undefined, { messages: ["m7"], ...live, room: "Den" });
	ref = outbox.add("alice", "/Den", "m8").ref;
	outbox.update(outbox.get(ref), { sentAt: 1, after: 7 });
	hears("one's own in another place", feeds.public, [msg(8.5, "alice")].map((m) => ({ ...m, text: "m8" })), undefined, { messages: ["m8"], ...live });
	hears("one's own in a room", den, [inRoom(8, "alice")], undefined, { messages: ["m8#" + ref], ...live, room: "Den" }, "outbox");
	told = [];
	feeds.acked(ref, 8);
	is("its ack", told, []);
	feeds.begin("/Den", { history: [inRoom(9)], cursor: 9, truncated: false }, "alice");
	is("a room that is entered again", [told, den.whole], [[{ messages: ["m9"], gap: false, live: false, direct: false, room: "Den" }], true]);
	feeds.exit("Den");
	told = [];
	feeds.begin("/Den", { history: [inRoom(8), inRoom(9)], cursor: 9, truncated: false }, "alice");
	is("a room that was left is told anew", told[0].messages, ["m8", "m9"]);
	for (let id = 100; id < 6100; id++) feeds.learn(msg(id));
	is("as many are remembered as may be", feeds.known.size, 4096);
	feeds.leave();
	is("left", [feeds.public.cursor, feeds.inbox.cursor, feeds.rooms.size, feeds.known.size], [null, null, 0, 0]);
`

const claimsAreAskedForUntilTheyAreLost = `
	const { Claim } = await import("/claim.js");
	let sent = [], told = [], onSend = () => {};
	const acts = {
		send: (frame) => { sent.push(frame.replace(/#[0-9a-f]+/, "#")); onSend(); },
		waits: (retryAt, code) => told.push(["waits", retryAt > Date.now() - 1, code]),
		refused: (code, message) => told.push(["refused", code, message]),
		lost: (name) => told.push(["lost", name, claim.name]),
	};
	const session = storage(), local = storage();
	let claim = new Claim(session, local, true, acts);
	const after = (what, act, frames, events) => {
		sent = []; told = [];
		act();
		is(what, [sent, told], [frames, events]);
	};
	const asks = (what, frame) => after(what, () => claim.ask(), [frame], []);
	const refused = (code) => claim.refuse({ code, message: "why" });

	claim.name = "Alice";
	asks("a name without a token", "join#:Alice");
	is("a join is under way", claim.ref != "", true);
	after("somebody has it", () => refused("name_taken"), [], [["refused", "name_taken", "why"]]);
	is("none is any more", claim.ref, "");
	after("it is given", () => claim.given("Alice", "secret"), ["hold#:"], []);
	asks("it is asked for again", "join#:Alice:secret");
	claim = new Claim(session, local, false, acts);
	asks("after a reload, too", "join#:Alice:secret");
	after("nothing is held then", () => claim.given("Alice", "secret"), [], []);
	after("nor where nothing is kept", () => new Claim(null, null, true, acts).given("Alice", "secret"), [], []);
	after("an old claim", () => refused("unauthorized"), ["join#:Alice"], []);
	claim.given("Alice", "secret");
	claim.name = "ALICE";
	after("it has it under another spelling", () => refused("name_taken"), [], [["refused", "name_taken", "why"]]);
	claim.name = "Alice";
	after("somebody else has it", () => refused("name_taken"), [], [["lost", "Alice", ""]]);
	is("nothing of it is kept", [session.kept, local.kept, claim.name], [{}, {}, ""]);

	claim.name = "bob";
	sent = []; told = [];
	const again = new Promise((done) => { onSend = done; });
	claim.refuse({ code: "overloaded", message: "why", retry_ms: 1 });
	await again;
	is("refused for now", [sent, told], [["join#:bob"], [["waits", true, "overloaded"]]]);
	claim.refuse({ code: "overloaded", message: "why", retry_ms: 1 });
	claim.stop();
	sent = [];
	await new Promise((done) => setTimeout(done, 20));
	is("what is asked for when the connection is over", [sent, claim.ref], [[], ""]);
`

const pagesAreAnsweredOnce = `
	const { Pages } = await import("/pages.js");
	let sent = [], connected = true;
	const pages = new Pages((frame) => { sent.push(frame); return connected; });
	const ref = () => sent.at(-1).match(/#([0-9a-f]+):/)[1];

	const newest = pages.ask("", null);
	is("the newest page", sent.at(-1), "history#" + ref() + ":");
	pages.told({ ref: ref(), messages: [1], more: true });
	is("is told", await newest, { messages: [1], more: true });
	is("and no longer asked for", pages.refuse(ref(), { code: "unavailable", message: "" }), false);
	const older = pages.ask("bob", 7);
	is("an older one", sent.at(-1), "dmhistory#" + ref() + ":bob:7");
	is("is refused", pages.refuse(ref(), { code: "rate_limited", message: "wait", retry_ms: 100 }), true);
	let error = await failure(older);
	is("for now", [error.message, error.code, error.retryMs >= 100], ["wait", "rate_limited", true]);
	const never = pages.ask("bob", 7);
	pages.refuse(ref(), { code: "not_joined", message: "no" });
	error = await failure(never);
	is("or for good", [error.code, error.retryMs === undefined], ["not_joined", true]);
	const inRoom = pages.ask("/Den", 7);
	is("one of a room", sent.at(-1), "roomhistory#" + ref() + ":Den:7");
	pages.told({ type: "history", ref: ref(), room: "Den", messages: [], more: false });
	is("is told", await inRoom, { messages: [], more: false });
	const rooms = pages.rooms("Den");
	is("one of rooms", sent.at(-1), "rooms#" + ref() + ":Den");
	pages.told({ type: "rooms", ref: ref(), rooms: [{ room: "Lab", members: 1 }], more: false });
	is("is told", await rooms, { rooms: [{ room: "Lab", members: 1 }], more: false });
	const lost = [pages.ask("", 1), pages.ask("", 2)];
	pages.stop();
	for (const page of lost) is("a connection that ends", (await failure(page)).code, "offline");
	connected = false;
	is("none", (await failure(pages.ask("", 1))).code, "offline");
	is("nothing is asked for any more", pages.asked.size, 0);
`

const roomsAreEnteredUntilTheyAreLeft = `
	const { Rooms } = await import("/rooms.js");
	let sent = [], told = [], refs = [], cursors = {}, onSend = () => {};
	const acts = {
		send: (frame) => { refs.push(frame.match(/#([0-9a-f]+)/)[1]); sent.push(frame.replace(/#[0-9a-f]+/, "")); onSend(); return true; },
		cursor: (room) => cursors[room] ?? null,
		entered: (asked, { room }) => told.push(["entered", asked, room]),
		exited: (...how) => told.push(how),
	};
	const session = storage();
	let rooms = new Rooms(session, acts);
	const after = (what, act, frames, events) => {
		sent = []; told = [];
		act();
		is(what, [sent, told], [frames, events]);
	};
	const entered = (room, ref = refs.at(-1)) => rooms.told({ ref, room, members: ["alice"], member_count: 1 });
	const refused = (code, retry_ms) => rooms.refuse(refs.at(-1), { code, message: "why", retry_ms });

	after("before there is a name", () => rooms.enter("den"), [], []);
	after("there is one", () => rooms.start([]), ["enter:den"], []);
	after("it is under way", () => rooms.enter("DEN"), [], []);
	after("it has another spelling", () => entered("Den"), [], [["entered", "den", "Den"]]);
	is("it is kept", session.kept, { "parley.rooms": '["Den"]' });
	is("it is known by each", [rooms.get("den").entered, rooms.get("DEN").people.count], [true, 1]);
	rooms.stop();
	is("without a connection", rooms.get("den").entered, false);
	cursors = { Den: 7 };
	after("entered again where it was", () => rooms.start([]), ["enter:Den:7"], []);
	entered("Den");
	cursors = {};
	after("the server says that it is not", () => is("wanted", rooms.again("Den"), true), ["enter:Den"], []);
	after("it is left meanwhile", () => rooms.exit("den"), ["exit:Den"], [["Den", "left", ""]]);
	after("and what was asked is nobody's", () => entered("Den"), [], []);
	after("nor is its end", () => rooms.ended({ room: "Den", reason: "left" }), [], []);
	is("nobody wants to be in it", rooms.again("Den"), false);

	rooms.enter("Secret");
	after("forbidden", () => is("it was asked", refused("forbidden"), true), [], [["Secret", "forbidden", "why"]]);
	is("no enter of this ref", refused("forbidden"), false);
	rooms.enter("a");
	const again = new Promise((done) => { onSend = done; });
	after("not now", () => refused("rate_limited", 1), [], []);
	after("others wait as well", () => rooms.enter("b"), [], []);
	await again;
	is("then all are asked for", sent, ["enter:a", "enter:b"]);
	entered("b");
	after("put out", () => rooms.ended({ room: "b", reason: "kicked" }), [], [["b", "kicked", ""]]);

	rooms = new Rooms(session, acts);
	after("after a reload, whatever other devices have entered", () => rooms.start([{ room: "Lab" }]), ["enter:a"], []);
	rooms.leave();
	is("nothing is kept", session.kept, {});
	rooms.enter("den");
	after("a new device is where others are, too", () => rooms.start([{ room: "Den" }, { room: "Lab" }]), ["enter:den", "enter:Lab"], []);
`
