// @ts-check
/**
 * What is said to everyone and to this page's name: each message once, ever, and one's own with the `ref` of their entry.
 *
 * @typedef {import("./message.js").Message} Message
 */
import { keyOf } from "./message.js";

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
    this.known = new Set();
  }

  /** Both came back without a hole, so what is not in them was not stored. */
  get whole() {
    return this.public.whole && this.inbox.whole;
  }

  leave() {
    this.public.cursor = this.inbox.cursor = null;
    this.known.clear();
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
    if (fresh.length || gap) this.emit("messages", { messages: fresh, gap, live: !past, direct: feed === this.inbox });
    if (mine) this.emit("outbox", {});
  }

  /** An entry is stored, under an id; false if it is none. @param {string} ref @param {number} id */
  acked(ref, id) {
    const message = this.outbox.settle(ref, id);
    if (!message) return false;
    const direct = message.to !== undefined;
    // What the public feed has passed was told, or lies before what this page has loaded.
    if ((direct || !this.public.passed(id)) && this.learn(message)) {
      this.emit("messages", { messages: [message], gap: false, live: true, direct });
    }
    return true;
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
  /** @param {(message: Message) => number} place where a message stands in the log */
  constructor(place) {
    this.place = place;
    /** How far it was told; null: it begins with what is told first. */
    /** @type {number | null} */ this.cursor = null;
    this.whole = false;
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
