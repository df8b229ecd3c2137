// @ts-check
/** Wires the connection to the page: what happened goes to the parts that show it, what people do to the connection. */
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { avatar, byId } from "./dom.js";
import { drawers } from "./drawers.js";
import { JoinForm } from "./join.js";
import { PeopleList, ThreadList } from "./lists.js";
import { Notice } from "./notice.js";
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

const panels = drawers({ threads: byId("threads-panel"), people: byId("people-panel") },
  { threads: byId("open-threads"), people: byId("open-people") }, byId("backdrop"));
const view = new ThreadView({ scroller: byId("scroller"), list: byId("log"), pill: byId("pill") }, {
  load: loadOlder,
  read: () => watched() && threads.markRead(current),
  write: open,
  retry: (ref) => chat.retry(ref),
  discard: (ref) => chat.discard(ref),
});
const threadList = new ThreadList(byId("threads"), open);
const peopleList = new PeopleList({
  list: byId("people"), filter: byId("filter"), note: byId("people-note"),
  counts: [...document.querySelectorAll(".people-count")],
}, open);
const composer = new Composer({ form: byId("composer"), field: byId("field"), button: byId("send"), note: byId("field-note") }, send);
const notice = new Notice({ notice: byId("notice"), state: byId("link-state") }, () => chat.reconnect());
const joinForm = new JoinForm({ page: byId("welcome"), form: byId("join"), field: byId("name"), error: byId("name-error"), button: byId("enter") }, join);
themeToggle(byId("theme"));

chat.on("state", (change) => {
  notice.show(change);
  joinForm.show(change);
  schedule();
});
chat.on("joined", ({ name }) => enter(name));
chat.on("refused", (refusal) => {
  leaveChat();
  joinForm.refuse(refusal, chat.name);
});
chat.on("lost", ({ name, unsent }) => {
  leaveChat();
  joinForm.lose(name, unsent);
});
chat.on("messages", ({ messages, gap, direct }) => {
  const first = !direct && !sawHistory;
  const added = threads.add(messages, { gap, direct, first });
  if (first) sawHistory = true;
  if (!first) arrived += added.get(current.peer) ?? 0;
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
  joinForm.open();
});
document.addEventListener("visibilitychange", () => {
  chat.awake(!document.hidden);
  if (watched() && view.atEnd) threads.markRead(current);
  schedule();
});
for (const change of ["online", "offline"]) addEventListener(change, () => chat.awake(!document.hidden));

if (chat.name) {
  enter(chat.name);
  chat.start();
} else {
  joinForm.open();
}

/** @param {string} name */
function join(name) {
  chat.join(name);
}

/** @param {string} name */
function enter(name) {
  joinForm.close(name);
  if (threads.me !== name || byId("chat").hidden) {
    // What came before the name was known is public, and stays.
    const { log } = threads.get("");
    threads = new Threads(name);
    threads.get("").log = log;
    for (const { to } of chat.outbox.entries) threads.get(to);
    byId("chat").hidden = false;
    byId("self-name").textContent = name;
    byId("self-avatar").replaceChildren(avatar(name));
    open(load(session, OPEN, ""));
  }
  schedule();
}

function leaveChat() {
  byId("chat").hidden = true;
  panels.close();
}

/** Shows a thread. @param {string} peer */
function open(peer) {
  if (current.peer !== peer) current.newFrom = undefined;
  current = threads.get(peer);
  arrived = 0;
  save(session, OPEN, JSON.stringify(peer));
  panels.close();
  current.stalled = false;
  view.open(current, chat.name, chat.pending(peer));
  composer.open(peer, peer ? `Message ${peer}` : "Message everyone");
  if (watched() && view.atEnd) threads.markRead(current);
  draw();
  if (!matchMedia("(pointer: coarse)").matches) byId("field").focus(); // on a phone it would bring up the keyboard
}

/** @param {string} text */
function send(text) {
  current.newFrom = undefined;
  view.toEnd();
  if (current.peer) chat.tell(current.peer, text);
  else chat.say(text);
}

/** @param {any} before the message to load what was before; null: there is none yet */
async function loadOlder(before) {
  const thread = current;
  if (thread.loading || chat.state !== "joined") return;
  thread.loading = true;
  thread.stalled = false;
  schedule();
  let again = false;
  try {
    const { messages, more } = await chat.older(thread.peer, before?.id ?? null);
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
    view.draw(chat.pending(current.peer), arrived);
    notice.pace(chat.paced);
    arrived = 0;
    threadList.draw(threads.ordered, current.peer, chat.people);
    peopleList.draw(chat.people, chat.count, chat.name);
    drawTitle();
  }
  const { unread } = threads;
  document.title = unread ? `(${unread}) Parley` : "Parley";
}

function drawTitle() {
  const { peer } = current;
  const here = peer ? chat.people?.has(peer) : true;
  byId("thread-title").textContent = peer || "Everyone";
  byId("thread-note").textContent = !peer ? `${chat.count.toLocaleString()} here`
    : peer === chat.name ? "Notes to yourself"
    : here ? "Here now · only the two of you see this" : chat.people ? "Away · gets your messages on coming back" : "Only the two of you see this";
  byId("unread-dot").hidden = threads.unread - current.unread <= 0;
}
