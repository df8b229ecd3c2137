// @ts-check
/**
 * What is said to everyone, in rooms, and to this page's name: each message once, ever, and one's own with the `ref` of their entry.
 *
 * @typedef {import("./message.js").Message} Message
 */
import { keyOf, placeOf, placeOfRoom, roomOf } from "./message.js";

/** How many ids are remembered to recognise a message that comes by two ways. */
const KNOWN = 4_096;

export class Feeds {
  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {(type: "messages" | "outbox", detail: object) => void} emit
   */
  constructor(outbox, emit) {
    this.outbox = outbox;
    this.emit = emit;
    this.public = new Feed((m) => m.id);
    this.inbox = new Feed((m) => m.cursor ?? 0);
    /** @type {Map<string, Feed>} by name */ this.rooms = new Map();
    this.known = new Set();
  }

  /** The feed that what is said in a place comes back in. @param {string} place @returns {Feed} */
  of(place) {
    const name = roomOf(place);
    if (name === undefined) return place ? this.inbox : this.public;
    let room = this.rooms.get(name);
    if (!room) this.rooms.set(name, (room = new Feed((m) => m.id, name)));
    return room;
  }

  leave() {
    this.public.cursor = null;
    this.disown();
  }

  /** Nothing but the public feed goes on under another name. */
  disown() {
    this.inbox.cursor = null;
    this.rooms.clear();
    this.known.clear();
  }

  /** A room was left: who comes back is told it from the beginning. @param {string} room */
  exit(room) {
    this.rooms.delete(room);
    for (const key of this.known) if (key.startsWith(`${placeOfRoom(room)}:`)) this.known.delete(key);
  }

  /**
   * A connection begins to tell the public feed, or that of a room.
   * @param {string} place @param {{history: Message[], cursor: number, truncated: boolean}} told @param {string} me
   */
  begin(place, { history, cursor, truncated }, me) {
    const feed = this.of(place);
    const fresh = feed.begin(truncated);
    this.hear(feed, history, me, { gap: truncated || fresh });
    // When resuming, frames up to the cursor may still be on their way.
    if (fresh) feed.advance(cursor);
  }

  /**
   * @param {Feed} feed
   * @param {Message[]} messages
   * @param {string} me
   * @param {{gap: boolean}} [past] they are history; gap: some that came before may be missing
   */
  hear(feed, messages, me, past) {
    const gap = past?.gap ?? false;
    const fresh = feed.follow(messages).filter((m) => this.learn(m));
    const mine = this.outbox.recognise(fresh.filter((m) => m.user === me), feed.place);
    if (fresh.length || gap) this.tell(feed, fresh, { gap, live: !past });
    if (mine) this.emit("outbox", {});
  }

  /** An entry is stored, under an id; false if it is none. @param {string} ref @param {number} id */
  acked(ref, id) {
    const message = this.outbox.settle(ref, id);
    if (!message) return false;
    const place = placeOf(message, message.user);
    const room = roomOf(place);
    if (room !== undefined && !this.rooms.has(room)) return true; // of a room that was left: who comes back is told it
    const feed = this.of(place);
    // What a feed has passed was told, or lies before what this page has loaded; the inbox' cursor is no id.
    if ((feed === this.inbox || !feed.passed(id)) && this.learn(message)) this.tell(feed, [message], { gap: false, live: true });
    return true;
  }

  /** @param {Feed} feed @param {Message[]} messages @param {{gap: boolean, live: boolean}} how */
  tell(feed, messages, { gap, live }) {
    const { room } = feed;
    this.emit("messages", { messages, gap, live, direct: feed === this.inbox, ...(room !== undefined && { room }) });
  }

  /** Remembers a message; false if it was known. @param {Message} message */
  learn(message) {
    const key = keyOf(message);
    if (this.known.has(key)) return false;
    this.known.add(key);
    if (this.known.size > KNOWN) this.known.delete(this.known.values().next().value);
    return true;
  }
}

/** A log as it is followed. */
export class Feed {
  /** @param {(message: Message) => number} place where a message stands in the log @param {string} [room] whose log it is */
  constructor(place, room) {
    this.place = place;
    this.room = room;
    /** How far it was told; null: it begins with what is told first. */
    /** @type {number | null} */ this.cursor = null;
    /** It came back without a hole, so what is not in it was not stored. */ this.whole = false;
  }

  /**
   * A connection begins to tell it.
   * @param {boolean} truncated some of what was missed is gone
   * @returns {boolean} whether it is told for the first time
   */
  begin(truncated) {
    const fresh = this.cursor === null;
    this.whole = !fresh && !truncated;
    return fresh;
  }

  /** Moves the cursor over messages, and gives those that were after it. @param {Message[]} messages */
  follow(messages) {
    const fresh = messages.filter((m) => !this.passed(this.place(m)));
    for (const m of fresh) this.advance(this.place(m));
    return fresh;
  }

  /** @param {number} place */
  passed(place) {
    return this.cursor !== null && place <= this.cursor;
  }

  /** @param {number} place */
  advance(place) {
    this.cursor = Math.max(this.cursor ?? 0, place);
  }
}
