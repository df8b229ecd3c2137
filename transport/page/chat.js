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
 *   older(peer, before)     a promise of {messages, more}: a page older than id `before` (null: the newest)
 *   reconnect()             connects at once instead of after the wait
 *   awake(visible)          tell it when the page is shown or hidden: only a visible page checks its link
 *
 * Properties: name, state, people (a Set, or null when only the number is known), count
 *
 * Events (`on(type, listener)`; the listener gets the detail)
 *   state    {state, retryAt?, code?}   "connecting", "online" (not joined), "joined", "offline" (retryAt says
 *                                       when it tries again), "shut" (the server wants no reconnect; code)
 *   joined   {name}                     the name as the server spells it
 *   conversations {conversations}       [{peer, id}], newest first; after the direct messages of a join
 *   refused  {code, message}            the name was not given
 *   messages {messages, gap, live, direct}  each message once, ever; of the inbox if direct. gap: older ones
 *                                       between these and what came before may be missing. live: not history.
 *                                       One's own carry the `ref` of their entry
 *   outbox   {}                         pending() has changed
 *   people   {}                         people or count has changed
 *
 * A message: {id, user, to?, text, time, ref?}; without `to` it is public. `peerOf` names a thread.
 */
import { Link } from "./link.js";
import { clean, keyOf } from "./message.js";
import { Outbox, newRef } from "./outbox.js";
import { local, save, session } from "./storage.js";

export { clean, keyOf, peerOf } from "./message.js";

/** @typedef {import("./message.js").Message} Message */

/** The server forgets a REF 10 minutes after it was stored; a minute of it is kept for clocks and travel. */
const REF_LIFE_MS = 9 * 60_000;
/** How many ids are remembered to recognise a message that comes by two ways. */
const KNOWN = 4_096;
const RETRYABLE = new Set(["rate_limited", "overloaded", "unavailable"]);
const RETRY_MS = 1_000;

export class Chat {
  /**
   * @param {object} options
   * @param {string | URL} options.url      of the WebSocket
   * @param {Storage | null} [options.session] keeps name and outbox over a reload; default sessionStorage
   * @param {Storage | null} [options.local]   keeps the tokens of names; default localStorage
   * @param {() => string} [options.token]  gives a token for servers that ask for one
   */
  constructor({ url, session: kept = session, local: tokens = local, token }) {
    this.url = new URL(url);
    this.session = kept;
    this.local = tokens;
    this.token = token;
    /** @type {string} */ this.name = kept?.getItem("parley.name") ?? "";
    this.state = "offline";
    /** @type {Set<string> | null} */ this.people = new Set();
    this.count = 0;

    this.target = new EventTarget();
    this.outbox = new Outbox(kept, "parley.outbox");
    this.link = new Link({
      url: () => this.address(),
      connecting: () => this.setState("connecting"),
      opened: () => this.onOpened(),
      heard: (text) => this.hear(text),
      closed: () => this.onClosed(),
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
    this.underWay = "";
    /** @type {ReturnType<typeof setTimeout> | null} */ this.hold = null;
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
    this.name = "";
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
    this.flush();
    return entry;
  }

  /** @param {string} to */
  pending(to) {
    return this.outbox.entries.filter((e) => e.to === to && e.from === this.name && !e.seen);
  }

  /** @param {string} ref */
  retry(ref) {
    const entry = this.outbox.get(ref);
    if (!entry?.failed) return;
    this.outbox.update(entry, { failed: undefined, sentAt: undefined });
    this.emit("outbox", {});
    this.flush();
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

  onClosed() {
    this.joinRef = this.underWay = "";
    this.release();
    for (const { reject } of this.asked.values()) {
      reject(Object.assign(new Error("the connection was lost"), { code: "offline" }));
    }
    this.asked.clear();
  }

  sendJoin() {
    this.joinRef = newRef();
    const token = this.local?.getItem(tokenKey(this.name));
    this.link.send(`join#${this.joinRef}:${this.name}${token ? ":" + token : ""}`);
  }

  /** Sends the oldest message of the outbox. One at a time, so that a refusal can't change the order. */
  flush() {
    if (this.state !== "joined" || this.underWay || this.hold) return;
    const entry = this.outbox.next(this.name);
    if (!entry) return;
    if (entry.sentAt && Date.now() - entry.sentAt > REF_LIFE_MS) return this.settleOld(entry);
    this.underWay = entry.ref;
    const after = (entry.to ? this.dmSince : this.since) ?? 0;
    if (!entry.sentAt) this.outbox.update(entry, { sentAt: Date.now(), after });
    this.link.send(entry.to
      ? `dm#${entry.ref}:${entry.from}:${entry.to}:${entry.text}`
      : `msg#${entry.ref}:${entry.from}:${entry.text}`);
  }

  /**
   * Its REF may be forgotten, so sending it again could double it. A feed without holes since then tells
   * whether it was stored; otherwise only a person can decide.
   * @param {import("./outbox.js").Pending} entry
   */
  settleOld(entry) {
    if (entry.seen) this.outbox.remove(entry.ref);
    else if (this.whole) this.outbox.update(entry, { ref: newRef(), sentAt: undefined });
    else this.outbox.update(entry, { failed: { code: "unknown", message: "It is not known whether this arrived." } });
    this.emit("outbox", {});
    this.flush();
  }

  /** Ends the wait that a refusal asked for. */
  release() {
    if (this.hold) clearTimeout(this.hold);
    this.hold = null;
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
    // When resuming, frames up to the cursor may still be on their way; without a log there is no cursor yet.
    if (fresh && !frame.truncated) this.since = frame.cursor;
  }

  /** @param {any} frame */
  onJoined(frame) {
    this.name = frame.name;
    save(this.session, "parley.name", this.name);
    if (frame.token) save(this.local, tokenKey(this.name), frame.token);
    this.whole = this.whole && this.dmSince !== null && !frame.truncated;
    this.setState("joined");
    this.emit("joined", { name: this.name });
    const fresh = this.dmSince === null;
    this.onInbox(frame.dms, frame.truncated, false);
    this.emit("conversations", { conversations: frame.conversations ?? [] });
    if (fresh) this.dmSince = Math.max(this.dmSince ?? 0, frame.cursor ?? 0);
    this.flush();
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
    if (this.underWay === ref) this.underWay = "";
    const entry = this.outbox.get(ref);
    if (!entry) return;
    this.outbox.remove(ref);
    /** @type {Message} */
    const message = { id, user: entry.from, text: entry.text, time: Math.floor(id / 1e6), ref };
    if (entry.to) message.to = entry.to;
    // What the public feed has passed was told, or lies before what this page has loaded.
    const passed = !entry.to && this.since !== null && id <= this.since;
    if (!passed && this.learn(message)) {
      this.emit("messages", { messages: [message], gap: false, live: true, direct: entry.to !== "" });
    }
    this.emit("outbox", {});
    this.flush();
  }

  /** @param {{code: string, message: string, ref?: string, retry_ms?: number}} frame */
  onError(frame) {
    const ref = frame.ref ?? "";
    if (ref && ref === this.joinRef) return this.onJoinRefused(frame);
    const asked = this.asked.get(ref);
    if (asked) {
      this.asked.delete(ref);
      asked.reject(Object.assign(new Error(frame.message), { code: frame.code, retryMs: frame.retry_ms }));
      return;
    }
    const entry = this.outbox.get(ref);
    if (!entry) return;
    this.underWay = "";
    if (frame.code === "not_joined") return this.link.lost(0);
    if (RETRYABLE.has(frame.code)) {
      this.outbox.update(entry, { sentAt: undefined, seen: undefined });
      this.hold = setTimeout(() => {
        this.release();
        this.flush();
      }, frame.retry_ms ?? RETRY_MS);
    } else {
      const { code, message } = frame;
      this.outbox.update(entry, { failed: { code, message }, sentAt: undefined, seen: undefined });
    }
    this.emit("outbox", {});
    this.flush();
  }

  /** @param {{code: string, message: string, retry_ms?: number}} frame */
  onJoinRefused({ code, message, retry_ms }) {
    this.joinRef = "";
    if (RETRYABLE.has(code)) {
      this.hold = setTimeout(() => {
        this.release();
        this.sendJoin();
      }, retry_ms ?? RETRY_MS);
      return;
    }
    if (code === "unauthorized" && this.local?.getItem(tokenKey(this.name))) {
      this.local.removeItem(tokenKey(this.name)); // of a claim that has ended; the name may be free
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

/** Spellings that compare equal belong to one claim, so to one token. @param {string} name */
function tokenKey(name) {
  return "parley.token." + name.normalize("NFKC").toLowerCase();
}
