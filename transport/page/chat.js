// @ts-check
/**
 * A connection to a Parley server that survives what connections go through. No dependencies, no DOM.
 *
 *     import { Chat } from "./chat.js";
 *
 *     const chat = new Chat({ url: "wss://chat.example.org/ws" });
 *     chat.on("messages", ({ messages }) => messages.forEach(show));
 *     chat.on("outbox", () => showPending(chat.pending("")));
 *     chat.on("refused", ({ code, message }) => askForAnotherName(message));
 *     chat.on("lost", ({ name }) => askForAnotherName(`${name} is somebody else's now`));
 *     chat.start();
 *     chat.join("alice");
 *     chat.say("hello");               // to everyone
 *     chat.tell("bob", "psst");        // to bob alone
 *
 * Methods
 *   start()                 connects, and connects again after every loss
 *   join(name)              takes a name now, and again after every reconnect, until leave()
 *   leave()                 gives the name up and disconnects
 *   say(text), tell(peer, text)
 *                           put a message into the outbox and return its entry; it is sent when it can be
 *   pending(to)             what is in the outbox for "" (everyone) or a peer, oldest first
 *   retry(ref), discard(ref)   for an entry that has `failed`
 *   older(peer, before)     a promise of {messages, more}: a page older than id `before` (null: the newest). It
 *                           is rejected with an error that has a `code`, and where it may be asked again
 *                           `retryMs`, after which
 *   reconnect()             connects at once instead of after the wait
 *   awake(visible)          tell it when the page is shown or hidden: only a visible page checks its link
 *
 * Option `hold: true`: asks the server after every join to hold the name for the token that is kept here (`hold:`).
 * It may refuse, and nobody needs to know.
 *
 * Properties: name, state, people (a Set, or null when only the number is known), count, paced (the server takes
 * messages more slowly than they were said; they are sent in order, as it takes them)
 *
 * Events (`on(type, listener)`; the listener gets the detail)
 *   state    {state, retryAt?, code?}   "connecting", "online" (not joined; with retryAt and code: joining was
 *                                       refused for now, and is tried again then), "joined", "offline" (retryAt
 *                                       says when it tries again), "shut" (the server wants no reconnect; code)
 *   joined   {name}                     the name as the server spells it
 *   conversations {conversations}       [{peer, id}], newest first; after the direct messages of a join
 *   refused  {code, message}            the name was not given
 *   lost     {name, unsent}             the name is somebody else's now, and this page has none. What it said and
 *                                       is not acked (so many messages) has `failed`: retry() says it under the
 *                                       next name, and nothing else does
 *   messages {messages, gap, live, direct}  each message once, ever; of the inbox if direct. gap: older ones
 *                                       between these and what came before may be missing. live: not history.
 *                                       One's own carry the `ref` of their entry
 *   outbox   {}                         pending() or paced has changed
 *   people   {}                         people or count has changed
 *
 * A message: {id, user, to?, text, time, ref?}; without `to` it is public. `peerOf` names a thread.
 */
import { Link } from "./link.js";
import { clean, keyOf } from "./message.js";
import { NAME_LOST, Outbox, newRef } from "./outbox.js";
import { isRetryable, retryWait } from "./retry.js";
import { Sender } from "./sender.js";
import { local, save, session } from "./storage.js";
import { Tokens } from "./tokens.js";

export { clean, keyOf, peerOf } from "./message.js";

/** @typedef {import("./message.js").Message} Message */

/** How many ids are remembered to recognise a message that comes by two ways. */
const KNOWN = 4_096;
/** The close code of who has lost the name to somebody else. */
const CLOSE_NAME_LOST = 4009;

export class Chat {
  /**
   * @param {object} options
   * @param {string | URL} options.url      of the WebSocket
   * @param {Storage | null} [options.session] keeps name and outbox over a reload; default sessionStorage
   * @param {Storage | null} [options.local]   keeps the tokens of names over a reload; default localStorage
   * @param {() => string} [options.token]  gives a token for servers that ask for one
   * @param {boolean} [options.hold]        whether the server shall hold the names whose tokens are kept
   */
  constructor({ url, session: kept = session, local: tokens = local, token, hold = false }) {
    this.url = new URL(url);
    this.session = kept;
    this.tokens = new Tokens(tokens);
    this.token = token;
    this.hold = hold;
    /** @type {string} */ this.name = kept?.getItem("parley.name") ?? "";
    /** The name that was joined with, maybe before a reload. */ this.had = this.name;
    this.state = "offline";
    /** @type {Set<string> | null} */ this.people = new Set();
    this.count = 0;

    this.target = new EventTarget();
    this.outbox = new Outbox(kept, "parley.outbox");
    this.sender = new Sender(this.outbox, {
      send: (frame) => void this.link.send(frame),
      cursor: ({ to }) => (to ? this.dmSince : this.since) ?? 0,
      whole: () => this.whole,
      changed: () => this.emit("outbox", {}),
    });
    this.link = new Link({
      url: () => this.address(),
      connecting: () => this.setState("connecting"),
      opened: () => this.onOpened(),
      heard: (text) => this.hear(text),
      closed: (code) => this.onClosed(code),
      waiting: (retryAt) => this.setState("offline", { retryAt }),
      shut: (code) => this.setState("shut", { code }),
    });
    /** @type {number | null} */ this.since = null;
    /** @type {number | null} */ this.dmSince = null;
    /** Both feeds came back without a hole, so what is not in them was not stored. */
    this.whole = false;
    this.known = new Set();
    /** @type {Map<string, {resolve: Function, reject: Function}>} */ this.asked = new Map();
    this.joinRef = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */ this.joinTimer = undefined;
  }

  get paced() {
    return this.sender.pace > 0;
  }

  /** @param {string} type @param {(detail: any) => void} listener */
  on(type, listener) {
    this.target.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  start() {
    this.link.hurry();
  }

  /** @param {string} name */
  join(name) {
    name = name.trim();
    const moved = this.dmSince !== null && name !== this.name;
    this.name = name;
    if (moved) {
      this.dmSince = null; // a cursor of somebody else's inbox, and part of the connection's address
      this.link.connect();
    } else if (this.state === "online") {
      this.sendJoin();
    } else {
      this.link.hurry();
    }
  }

  leave() {
    this.name = this.had = "";
    this.session?.removeItem("parley.name");
    this.outbox.entries = [];
    this.outbox.save();
    this.since = this.dmSince = null;
    this.known.clear();
    this.link.leave();
    this.setState("offline");
    this.emit("outbox", {});
  }

  /** @param {string} text */
  say(text) {
    return this.tell("", text);
  }

  /** @param {string} peer @param {string} text */
  tell(peer, text) {
    const entry = this.outbox.add(this.name, peer, clean(text));
    this.emit("outbox", {});
    this.sender.flush();
    return entry;
  }

  /** @param {string} to */
  pending(to) {
    return this.outbox.entries.filter((e) => e.to === to && !e.seen && (e.from === this.name || e.failed?.code === NAME_LOST));
  }

  /** @param {string} ref */
  retry(ref) {
    const entry = this.outbox.get(ref);
    if (!entry?.failed) return;
    if (entry.failed.code === NAME_LOST) {
      if (!this.name) return;
      this.outbox.update(entry, { from: this.name, ref: newRef() }); // another's message, as the server sees it
    }
    this.outbox.update(entry, { failed: undefined, sentAt: undefined });
    this.emit("outbox", {});
    this.sender.flush();
  }

  /** @param {string} ref */
  discard(ref) {
    if (!this.outbox.get(ref)?.failed) return;
    this.outbox.remove(ref);
    this.emit("outbox", {});
  }

  /**
   * @param {string} peer "" for the public feed
   * @param {number | null} before
   * @returns {Promise<{messages: Message[], more: boolean}>}
   */
  older(peer, before) {
    return new Promise((resolve, reject) => {
      const ref = newRef();
      const page = before === null ? "" : String(before);
      if (!this.link.send(peer ? `dmhistory#${ref}:${peer}:${page}` : `history#${ref}:${page}`)) {
        reject(Object.assign(new Error("not connected"), { code: "offline" }));
        return;
      }
      this.asked.set(ref, { resolve, reject });
    });
  }

  reconnect() {
    this.link.hurry();
  }

  /** @param {boolean} visible */
  awake(visible) {
    this.link.awake(visible);
  }

  // The connection

  address() {
    const url = new URL(this.url);
    url.protocol = url.protocol.replace("http", "ws");
    if (this.since !== null) url.searchParams.set("since", String(this.since));
    if (this.dmSince !== null) url.searchParams.set("dmsince", String(this.dmSince));
    if (this.token) url.searchParams.set("token", this.token());
    return url;
  }

  onOpened() {
    this.setState("online");
    if (this.name) this.sendJoin();
  }

  /** @param {number} code */
  onClosed(code) {
    this.joinRef = "";
    clearTimeout(this.joinTimer);
    this.sender.stop();
    for (const { reject } of this.asked.values()) {
      reject(Object.assign(new Error("the connection was lost"), { code: "offline" }));
    }
    this.asked.clear();
    if (code === CLOSE_NAME_LOST) this.loseName();
  }

  sendJoin() {
    clearTimeout(this.joinTimer);
    this.joinRef = newRef();
    const token = this.tokens.get(this.name);
    this.link.send(`join#${this.joinRef}:${this.name}${token ? ":" + token : ""}`);
  }

  /** The name is somebody else's: whatever was this page's under it ends here. */
  loseName() {
    const { name } = this;
    this.tokens.drop(name);
    this.session?.removeItem("parley.name");
    this.name = this.had = "";
    this.dmSince = null;
    const unsent = this.outbox.disown(name);
    this.emit("outbox", {});
    this.emit("lost", { name, unsent });
  }

  // What the server says

  /** @param {string} data */
  hear(data) {
    if (!data.startsWith("{")) return; // "Welcome NAME!" is for people; `joined` follows
    const frame = JSON.parse(data);
    switch (frame.type) {
      case "init": return this.onInit(frame);
      case "joined": return this.onJoined(frame);
      case "msg": return this.onFeed([frame], false, true);
      case "dm": return this.onInbox([frame], false, true);
      case "ack": return this.onAck(frame);
      case "error": return this.onError(frame);
      case "history": return this.onHistory(frame);
      case "members": return this.onMembers(frame);
      case "member_add":
      case "member_remove":
        this.people?.[frame.type === "member_add" ? "add" : "delete"](frame.name);
        this.count = frame.count;
        return this.emit("people", {});
      case "drain": return this.link.moveIn(frame.after_ms);
    }
  }

  /** @param {any} frame */
  onInit(frame) {
    this.whole = this.since !== null && !frame.truncated;
    this.onMembers(frame);
    const fresh = this.since === null;
    this.onFeed(frame.history, frame.truncated || fresh, false);
    // When resuming, frames up to the cursor may still be on their way.
    if (fresh) this.since = frame.cursor;
  }

  /** @param {any} frame */
  onJoined(frame) {
    this.name = this.had = frame.name;
    save(this.session, "parley.name", this.name);
    if (frame.token) this.tokens.keep(this.name, frame.token);
    // Where nothing can be stored the name would be held for nobody.
    if (this.hold && frame.token && this.tokens.lasts(this.name, frame.token)) this.link.send(`hold#${newRef()}:`);
    this.whole = this.whole && this.dmSince !== null && !frame.truncated;
    this.setState("joined");
    this.emit("joined", { name: this.name });
    const fresh = this.dmSince === null;
    this.onInbox(frame.dms, frame.truncated, false);
    this.emit("conversations", { conversations: frame.conversations ?? [] });
    if (fresh) this.dmSince = Math.max(this.dmSince ?? 0, frame.cursor ?? 0);
    this.sender.start(this.name);
  }

  /** @param {Message[]} messages @param {boolean} gap @param {boolean} live */
  onFeed(messages, gap, live) {
    const fresh = messages.filter((m) => this.since === null || m.id > this.since);
    for (const m of fresh) this.since = Math.max(this.since ?? 0, m.id);
    this.tellAll(fresh, { gap, live, direct: false });
  }

  /** @param {Message[]} messages @param {boolean} gap @param {boolean} live */
  onInbox(messages, gap, live) {
    const fresh = messages.filter((m) => this.dmSince === null || (m.cursor ?? 0) > this.dmSince);
    for (const m of fresh) this.dmSince = Math.max(this.dmSince ?? 0, m.cursor ?? 0);
    this.tellAll(fresh, { gap, live, direct: true });
  }

  /** @param {Message[]} messages @param {{gap: boolean, live: boolean, direct: boolean}} how */
  tellAll(messages, { gap, live, direct }) {
    const fresh = messages.filter((m) => this.learn(m));
    let matched = false;
    for (const m of fresh) {
      const entry = m.user === this.name ? this.outbox.match(m, direct ? m.cursor ?? 0 : m.id) : undefined;
      if (!entry) continue;
      this.outbox.update(entry, { seen: m.id });
      m.ref = entry.ref;
      matched = true;
    }
    if (fresh.length || gap) this.emit("messages", { messages: fresh, gap, live, direct });
    if (matched) this.emit("outbox", {});
  }

  /** Remembers a message; false if it was known. @param {Message} message */
  learn(message) {
    const key = keyOf(message);
    if (this.known.has(key)) return false;
    this.known.add(key);
    if (this.known.size > KNOWN) this.known.delete(this.known.values().next().value);
    return true;
  }

  /** @param {{ref: string, id: number}} frame */
  onAck({ ref, id }) {
    const entry = this.outbox.get(ref);
    if (!entry) return this.sender.acked(ref);
    this.outbox.remove(ref);
    /** @type {Message} */
    const message = { id, user: entry.from, text: entry.text, time: Math.floor(id / 1e6), ref };
    if (entry.to) message.to = entry.to;
    // What the public feed has passed was told, or lies before what this page has loaded.
    const passed = !entry.to && this.since !== null && id <= this.since;
    if (!passed && this.learn(message)) {
      this.emit("messages", { messages: [message], gap: false, live: true, direct: entry.to !== "" });
    }
    this.sender.acked(ref);
    this.emit("outbox", {});
  }

  /** @param {{code: string, message: string, ref?: string, retry_ms?: number}} frame */
  onError(frame) {
    const ref = frame.ref ?? "";
    if (ref && ref === this.joinRef) return this.onJoinRefused(frame);
    const asked = this.asked.get(ref);
    if (asked) {
      this.asked.delete(ref);
      const retryMs = isRetryable(frame.code) ? retryWait(frame.retry_ms) : undefined;
      asked.reject(Object.assign(new Error(frame.message), { code: frame.code, retryMs }));
      return;
    }
    const entry = this.outbox.get(ref);
    if (!entry) return; // of a hold, or of what was settled meanwhile
    if (frame.code === "not_joined") return this.link.lost(0);
    this.sender.refused(entry, frame);
  }

  /** @param {{code: string, message: string, retry_ms?: number}} frame */
  onJoinRefused({ code, message, retry_ms }) {
    this.joinRef = "";
    const token = this.tokens.get(this.name);
    if (isRetryable(code)) {
      const wait = retryWait(retry_ms);
      this.joinTimer = setTimeout(() => this.sendJoin(), wait);
      return this.setState("online", { retryAt: Date.now() + wait, code });
    }
    // Who had it under this spelling, and shows the token, is refused only where it is somebody else's.
    if (code === "name_taken" && token && this.had === this.name) {
      const resumed = this.dmSince !== null;
      this.loseName();
      if (resumed) this.link.connect(); // the cursor of that inbox is part of the connection's address
      return;
    }
    if (code === "unauthorized" && token) {
      this.tokens.drop(this.name); // of a claim that has ended; the name may be free
      this.sendJoin();
      return;
    }
    this.emit("refused", { code, message });
  }

  /** @param {{ref: string, messages: Message[], more: boolean}} frame */
  onHistory({ ref, messages, more }) {
    this.asked.get(ref)?.resolve({ messages, more });
    this.asked.delete(ref);
  }

  /** @param {{members?: string[], member_count: number}} frame */
  onMembers({ members, member_count }) {
    this.people = members ? new Set(members) : null;
    this.count = member_count;
    this.emit("people", {});
  }

  /** @param {string} state @param {object} [more] */
  setState(state, more = {}) {
    this.state = state;
    this.emit("state", { state, ...more });
  }

  /** @param {string} type @param {object} detail */
  emit(type, detail) {
    this.target.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
