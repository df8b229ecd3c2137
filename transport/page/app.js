// @ts-check
/** Wires the connection to the page: what happened goes to the parts that show it, what people do to the connection. */
import { Chat, placeOfRoom, roomOf } from "./chat.js";
import { Below } from "./below.js";
import { Composer } from "./composer.js";
import { avatar, byId } from "./dom.js";
import { drawers } from "./drawers.js";
import { Finder } from "./finder.js";
import { Header } from "./header.js";
import { JoinForm } from "./join.js";
import { PeopleList, ThreadList } from "./lists.js";
import { fold } from "./message.js";
import { Notice } from "./notice.js";
import { Alert } from "./alert.js";
import { linkedRoom, sentenceOf, showInAddress } from "./roomlink.js";
import { themeToggle } from "./theme.js";
import { ThreadView } from "./thread.js";
import { Threads } from "./threads.js";
import { load, save, session } from "./storage.js";

/** Messages kept on the page; older ones are loaded again when somebody scrolls up to them. */
const KEEP = 1_500;
/** While somebody reads further up, more may be there, but not without end. */
const KEEP_READING = 5_000;
/** A hidden page gets no animation frames, but its title has to follow. */
const HIDDEN_DRAW_MS = 250;
/** A draw that takes longer than this would leave too little of a frame for anything else. */
const DEAR_MS = 8;
const OPEN = "parley.thread";

const chat = new Chat({ url: new URL("ws", location.href), hold: true });
let threads = new Threads(chat.name);
let current = threads.get("");
let arrived = 0;
let scheduled = false;
let cost = 0;
let sawHistory = false;
/** The room that a person wants to see as soon as it is entered. */ let wanted = linkedRoom();

const panels = drawers({ threads: byId("threads-panel"), people: byId("people-panel") },
  { threads: byId("open-threads"), people: byId("open-people") }, byId("backdrop"));
const view = new ThreadView({ scroller: byId("scroller"), list: byId("log"), pill: byId("pill") }, {
  load: loadOlder,
  read: () => watched() && threads.markRead(current),
  write: open,
  retry: (ref) => chat.retry(ref),
  discard: (ref) => chat.discard(ref),
});
const roomList = new ThreadList(byId("rooms"), open);
const threadList = new ThreadList(byId("threads"), open);
const below = new Below(byId("lists"), byId("unread-below"));
const peopleList = new PeopleList({
  list: byId("people"), filter: byId("filter"), note: byId("people-note"),
  counts: [...document.querySelectorAll(".people-count")],
}, open);
const header = new Header({
  title: byId("thread-title"), note: byId("thread-note"), dot: byId("unread-dot"), tools: byId("room-tools"), copy: byId("copy-link"), exit: byId("exit-room"),
}, exitRoom);
const finder = new Finder({
  dialog: byId("finder"), form: byId("find"), field: byId("sought"), list: byId("found"), note: byId("found-note"), error: byId("find-error"), opener: byId("open-finder"),
}, { list: (after) => chat.rooms(after), inside: (room) => Boolean(chat.presence(room)), open: openRoom });
const composer = new Composer({ form: byId("composer"), field: byId("field"), button: byId("send"), note: byId("field-note") }, send);
const notice = new Notice({ notice: byId("notice"), state: byId("link-state") }, () => chat.reconnect());
const alert = new Alert(byId("alert"));
const joinForm = new JoinForm({ page: byId("welcome"), form: byId("join"), lead: byId("lead"), field: byId("name"), error: byId("name-error"), button: byId("enter") }, (name) => chat.join(name));
themeToggle(byId("theme"));

chat.on("state", (change) => {
  notice.show(change);
  joinForm.show(change);
  schedule();
});
chat.on("joined", ({ name }) => begin(name));
chat.on("refused", (refusal) => {
  leaveChat();
  joinForm.refuse(refusal, chat.name);
});
chat.on("lost", ({ name, unsent }) => {
  leaveChat();
  joinForm.lose(name, unsent);
});
chat.on("entered", ({ room, asked }) => {
  const place = placeOfRoom(room);
  if (asked !== room) threads.all.delete(placeOfRoom(asked));
  threads.get(place);
  finder.entered(asked);
  if (wanted && fold(wanted) === fold(asked)) open(place);
  schedule();
});
chat.on("exited", ({ room, reason, message }) => {
  const place = placeOfRoom(room);
  if (wanted && fold(wanted) === fold(room)) wanted = "";
  if (!chat.pending(place).length) threads.remove(place);
  if (current.place === place) open("");
  if (reason !== "left") {
    const sentence = sentenceOf(reason, message);
    if (!finder.refused(room, sentence)) alert.say(`${room}: ${sentence}`);
  }
  schedule();
});
chat.on("messages", (told) => {
  const first = !told.direct && told.room === undefined && !sawHistory;
  const added = threads.add(told, first);
  if (first) sawHistory = true;
  if (told.live || !first) arrived += added.get(current.place) ?? 0;
  if (watched() && view.atEnd) {
    current.newFrom = undefined;
    threads.markRead(current);
  }
  schedule();
});
chat.on("conversations", ({ conversations }) => {
  threads.know(conversations);
  schedule();
});
chat.on("outbox", schedule);
chat.on("people", schedule);

byId("leave").addEventListener("click", () => {
  chat.leave();
  leaveChat();
  threads = new Threads("");
  current = threads.get("");
  sawHistory = false;
  showInAddress(undefined);
  joinForm.open(wanted);
});
document.addEventListener("visibilitychange", () => {
  chat.awake(!document.hidden);
  if (watched() && view.atEnd) threads.markRead(current);
  schedule();
});
for (const change of ["online", "offline"]) addEventListener(change, () => chat.awake(!document.hidden));
addEventListener("hashchange", () => {
  if (linkedRoom()) openRoom(linkedRoom());
});

if (chat.name) {
  begin(chat.name);
  chat.start();
} else {
  joinForm.open(wanted);
}

/** Shows the chat to who has a name. @param {string} name */
function begin(name) {
  joinForm.close(name);
  if (threads.me !== name || byId("chat").hidden) {
    // What came before the name was known is public, and stays.
    const { log } = threads.get("");
    threads = new Threads(name);
    threads.get("").log = log;
    for (const { to } of chat.outbox.entries) threads.get(to);
    for (const room of chat.inside) threads.get(placeOfRoom(room));
    byId("chat").hidden = false;
    byId("self-name").textContent = name;
    byId("self-avatar").replaceChildren(avatar(name));
    const room = wanted;
    open(load(session, OPEN, ""));
    if (room) openRoom(room);
  }
  schedule();
}

function leaveChat() {
  byId("chat").hidden = true;
  byId("finder").close();
  panels.close();
}

/** Shows a room, and enters it before if need be. @param {string} room */
function openRoom(room) {
  const inside = chat.inside.find((name) => fold(name) === fold(room));
  finder.entered(inside ?? "");
  if (inside !== undefined) return open(placeOfRoom(inside));
  wanted = room;
  if (!byId("chat").hidden) chat.enter(room);
}

function exitRoom() {
  const room = roomOf(current.place);
  if (room === undefined) return;
  if (chat.inside.includes(room)) return chat.exit(room);
  for (const { ref } of chat.pending(current.place)) chat.discard(ref); // it was left already, but for what was not sent
  threads.remove(current.place);
  open("");
}

/** Shows a thread. @param {string} place */
function open(place) {
  const room = roomOf(place);
  if (room !== undefined && !chat.inside.includes(room) && !threads.all.has(place)) place = ""; // it was left meanwhile
  if (current.place !== place) current.newFrom = undefined;
  wanted = "";
  current = threads.get(place);
  arrived = 0;
  save(session, OPEN, JSON.stringify(place));
  showInAddress(roomOf(place));
  panels.close();
  current.stalled = false;
  view.open(current, chat.name, chat.pending(place));
  composer.open(place, !place ? "Message everyone" : `Message ${room === undefined ? "" : "#"}\u2068${room ?? place}\u2069`);
  if (watched() && view.atEnd) threads.markRead(current);
  draw();
  if (!matchMedia("(pointer: coarse)").matches) byId("field").focus(); // on a phone it would bring up the keyboard
}

/** @param {string} text */
function send(text) {
  current.newFrom = undefined;
  view.toEnd();
  chat.tell(current.place, text);
}

/** @param {any} before the message to load what was before; null: there is none yet */
async function loadOlder(before) {
  const thread = current;
  if (thread.loading || chat.state !== "joined" || !chat.isOpen(thread.place)) return;
  thread.loading = true;
  thread.stalled = false;
  schedule();
  let again = false;
  try {
    const { messages, more } = await chat.older(thread.place, before?.id ?? null);
    thread.log.addPage(before, messages, more);
  } catch (error) {
    const { code, retryMs } = /** @type {any} */ (error);
    if (retryMs) {
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      // At the top the next draw asks again, if somebody still looks there; a hole was asked for by a person.
      again = thread === current && Boolean(before?.gap) && before !== thread.log.entries[0];
    } else {
      thread.stalled = code !== "offline"; // after a lost connection the next draw asks again, after a refusal a person
    }
  }
  thread.loading = false;
  if (again) return loadOlder(before);
  schedule();
}

/** Whether somebody is looking at the current thread. */
function watched() {
  return !document.hidden && !byId("chat").hidden;
}

/** Draws once per frame at most, and less often when drawing is dear: typing goes first. */
function schedule() {
  if (scheduled) return;
  scheduled = true;
  const run = () => {
    scheduled = false;
    const start = performance.now();
    draw();
    cost = performance.now() - start;
  };
  if (document.hidden) setTimeout(run, HIDDEN_DRAW_MS);
  else if (cost > DEAR_MS) setTimeout(run, cost * 3);
  else requestAnimationFrame(run);
}

function draw() {
  if (!byId("chat").hidden) {
    for (const thread of threads.all.values()) {
      const reading = thread === current && !view.atEnd;
      thread.log.trim(reading ? KEEP_READING : KEEP);
    }
    view.draw(chat.pending(current.place), arrived);
    notice.pace(chat.paced);
    arrived = 0;
    roomList.draw(threads.rooms, current.place, null);
    threadList.draw(threads.conversations, current.place, chat.people);
    below.draw();
    byId("no-threads").hidden = threads.conversations.length > 0;
    const room = roomOf(current.place);
    const here = room === undefined ? { names: chat.people, count: chat.count } : chat.presence(room) ?? { names: new Set(), count: 0 };
    peopleList.draw(here.names, here.count, chat.name);
    header.draw(current.place, chat, threads.unread - current.unread > 0);
  }
  const { unread } = threads;
  document.title = unread ? `(${unread}) Parley` : "Parley";
}
