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
import { CLOSE_NAME_LOST, Claim } from "./claim.js";
import { Feeds } from "./feeds.js";
import { Link } from "./link.js";
import { clean } from "./message.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { Sender } from "./sender.js";
import { local, session } from "./storage.js";

export { clean, keyOf, peerOf } from "./message.js";

export class Chat {
  /**
   * @param {object} options
   * @param {string | URL} options.url      of the WebSocket
   * @param {Storage | null} [options.session] keeps name and outbox over a reload; default sessionStorage
   * @param {Storage | null} [options.local]   keeps the tokens of names over a reload; default localStorage
   * @param {() => string} [options.token]  gives a token for servers that ask for one
   * @param {boolean} [options.hold]        asks the server after every join to hold the name for the token that is
   *                                        kept here (`hold:`). It may refuse, and nobody needs to know
   */
  constructor({ url, session: kept = session, local: tokens = local, token, hold = false }) {
    this.url = new URL(url);
    this.token = token;
    this.state = "offline";
    /** @type {Set<string> | null} */ this.people = new Set();
    this.count = 0;

    this.target = new EventTarget();
    this.outbox = new Outbox(kept, "parley.outbox");
    this.feeds = new Feeds(this.outbox, (type, detail) => this.emit(type, detail));
    this.sender = new Sender(this.outbox, {
      send: (frame) => void this.link.send(frame),
      cursor: ({ to }) => (to ? this.feeds.inbox : this.feeds.public).cursor ?? 0,
      whole: () => this.feeds.whole,
      changed: () => this.emit("outbox", {}),
    });
    this.pages = new Pages((frame) => this.link.send(frame));
    this.claim = new Claim(kept, tokens, hold, {
      send: (frame) => void this.link.send(frame),
      waits: (retryAt, code) => this.setState("online", { retryAt, code }),
      refused: (code, message) => this.emit("refused", { code, message }),
      lost: (name) => this.onLost(name),
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
  }

  get name() {
    return this.claim.name;
  }

  get paced() {
    return this.sender.pace > 0;
  }

  /** @param {string} type @param {(detail: any) => void} listener */
  on(type, listener) {
    this.target.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  /** Connects, and connects again after every loss. */
  start() {
    this.link.hurry();
  }

  /** Takes a name now, and again after every reconnect, until leave(). @param {string} name */
  join(name) {
    name = name.trim();
    const moved = this.feeds.inbox.cursor !== null && name !== this.name;
    this.claim.name = name;
    if (moved) {
      this.feeds.inbox.cursor = null; // of somebody else's inbox, and part of the connection's address
      this.link.connect();
    } else if (this.state === "online") {
      this.claim.ask();
    } else {
      this.link.hurry();
    }
  }

  /** Gives the name up and disconnects. */
  leave() {
    this.claim.giveUp();
    this.outbox.clear();
    this.feeds.leave();
    this.link.leave();
    this.setState("offline");
    this.emit("outbox", {});
  }

  /** @param {string} text */
  say(text) {
    return this.tell("", text);
  }

  /** Puts a message into the outbox and returns its entry; it is sent when it can be. @param {string} peer @param {string} text */
  tell(peer, text) {
    const entry = this.outbox.add(this.name, peer, clean(text));
    this.emit("outbox", {});
    this.sender.flush();
    return entry;
  }

  /** What is in the outbox for "" (everyone) or a peer, oldest first. @param {string} to */
  pending(to) {
    return this.outbox.pending(to, this.name);
  }

  /** Sends an entry again that has `failed`. @param {string} ref */
  retry(ref) {
    if (!this.outbox.retry(ref, this.name)) return;
    this.emit("outbox", {});
    this.sender.flush();
  }

  /** Gives up an entry that has `failed`. @param {string} ref */
  discard(ref) {
    if (!this.outbox.get(ref)?.failed) return;
    this.outbox.remove(ref);
    this.emit("outbox", {});
  }

  /** A promise of {messages, more}, or of an error; see Pages. @param {string} peer @param {number | null} before */
  older(peer, before) {
    return this.pages.ask(peer, before);
  }

  /** Connects at once instead of after the wait. */
  reconnect() {
    this.link.hurry();
  }

  /** Is told when the page is shown or hidden: only a visible page checks its link. @param {boolean} visible */
  awake(visible) {
    this.link.awake(visible);
  }

  // The connection

  address() {
    const { public: { cursor: since }, inbox: { cursor: dmsince } } = this.feeds;
    const url = new URL(this.url);
    url.protocol = url.protocol.replace("http", "ws");
    for (const [name, value] of Object.entries({ since, dmsince, token: this.token?.() })) {
      if (value != null) url.searchParams.set(name, String(value));
    }
    return url;
  }

  onOpened() {
    this.setState("online");
    if (this.name) this.claim.ask();
  }

  /** @param {number} code */
  onClosed(code) {
    this.claim.stop();
    this.sender.stop();
    this.pages.stop();
    if (code === CLOSE_NAME_LOST) this.claim.lose();
  }

  /** Whatever was this page's under the name ends here. @param {string} name */
  onLost(name) {
    const resumed = this.feeds.inbox.cursor !== null;
    this.feeds.inbox.cursor = null;
    const unsent = this.outbox.disown(name);
    this.emit("outbox", {});
    this.emit("lost", { name, unsent });
    if (resumed && this.link.open) this.link.connect(); // the cursor is part of the connection's address
  }

  // What the server says

  /** @param {string} data */
  hear(data) {
    if (!data.startsWith("{")) return; // "Welcome NAME!" is for people; `joined` follows
    const frame = JSON.parse(data);
    switch (frame.type) {
      case "init": return this.onInit(frame);
      case "joined": return this.onJoined(frame);
      case "msg": return this.feeds.hear(this.feeds.public, [frame], this.name);
      case "dm": return this.feeds.hear(this.feeds.inbox, [frame], this.name);
      case "ack": return this.onAck(frame);
      case "error": return this.onError(frame);
      case "history": return this.pages.told(frame);
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
  onInit({ history, cursor, truncated, ...members }) {
    const feed = this.feeds.public;
    const fresh = feed.begin(truncated);
    this.onMembers(members);
    this.feeds.hear(feed, history, this.name, { gap: truncated || fresh });
    // When resuming, frames up to the cursor may still be on their way.
    if (fresh) feed.advance(cursor);
  }

  /** @param {any} frame */
  onJoined({ name, token, dms, cursor, conversations, truncated }) {
    const feed = this.feeds.inbox;
    this.claim.given(name, token);
    const fresh = feed.begin(truncated);
    this.setState("joined");
    this.emit("joined", { name });
    this.feeds.hear(feed, dms, name, { gap: truncated });
    this.emit("conversations", { conversations: conversations ?? [] });
    if (fresh) feed.advance(cursor ?? 0);
    this.sender.start(name);
  }

  /** @param {{ref: string, id: number}} frame */
  onAck({ ref, id }) {
    const stored = this.feeds.acked(ref, id);
    this.sender.acked(ref);
    if (stored) this.emit("outbox", {});
  }

  /** @param {{code: string, message: string, ref?: string, retry_ms?: number}} frame */
  onError(frame) {
    const ref = frame.ref ?? "";
    if (ref && ref === this.claim.ref) return this.claim.refuse(frame);
    if (this.pages.refuse(ref, frame)) return;
    const entry = this.outbox.get(ref);
    if (!entry) return; // of a hold, or of what was settled meanwhile
    if (frame.code === "not_joined") return this.link.lost(0);
    this.sender.refused(entry, frame);
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
