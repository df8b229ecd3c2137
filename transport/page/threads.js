// @ts-check
/** All threads of one person: their logs, what is unread in them, and up to where this browser has read. */
import { Log } from "./log.js";
import { peerOf } from "./message.js";
import { load, local, save } from "./storage.js";

/** @typedef {import("./thread.js").Thread} Thread */

export class Threads {
  /** @param {string} me */
  constructor(me) {
    this.me = me;
    /** @type {Map<string, Thread>} */ this.all = new Map();
    /** @type {Record<string, number>} id of the last message read, by peer */
    this.read = load(local, this.key, {});
    /** @type {Map<string, number>} id of the newest message, also of conversations that are not loaded */
    this.lastIds = new Map();
    this.get("");
  }

  get key() {
    return "parley.read." + this.me;
  }

  /** @param {string} peer @returns {Thread} */
  get(peer) {
    let thread = this.all.get(peer);
    if (!thread) {
      thread = { peer, log: new Log(), unread: 0 };
      this.all.set(peer, thread);
    }
    return thread;
  }

  /** The public thread first, then whoever was last heard of. */
  get ordered() {
    const last = (/** @type {Thread} */ t) => (t.peer ? t.log.newest?.id ?? this.lastIds.get(t.peer) ?? Infinity : Infinity);
    const [everyone, ...rest] = this.all.values();
    return [everyone, ...rest.sort((a, b) => last(b) - last(a) || 0)];
  }

  get unread() {
    return [...this.all.values()].reduce((sum, t) => sum + t.unread, 0);
  }

  /** @param {{peer: string, id: number}[]} conversations */
  know(conversations) {
    const returning = Object.keys(this.read).length > 0;
    for (const { peer, id } of conversations) {
      const thread = this.get(peer);
      this.lastIds.set(peer, id);
      // How many came is not told, only that something did.
      if (returning && !thread.log.newest && id > (this.read[peer] ?? 0)) thread.unread = 1;
    }
  }

  /**
   * Sorts messages into their threads; returns how many were new for each peer.
   * @param {import("./message.js").Message[]} messages
   * @param {{gap: boolean, direct: boolean, first: boolean}} how gap: they do not join on to what is here;
   *   direct: they are of the inbox; first: public history on arrival, which nobody has missed
   */
  add(messages, { gap, direct, first }) {
    if (gap) for (const thread of this.all.values()) if (Boolean(thread.peer) === direct) thread.log.breakHere();
    /** @type {Map<string, number>} */ const added = new Map();
    for (const message of messages) {
      const peer = peerOf(message, this.me);
      const thread = this.get(peer);
      if (!thread.log.add(message)) continue;
      added.set(peer, (added.get(peer) ?? 0) + 1);
      this.count(thread, message, first);
    }
    return added;
  }

  /** @param {Thread} thread @param {import("./message.js").Message} message @param {boolean} first */
  count(thread, message, first) {
    if (message.user === this.me || (first && !thread.peer)) {
      this.markRead(thread);
    } else if (message.id > (this.read[thread.peer] ?? 0)) {
      thread.unread++;
      thread.newFrom ??= message.id;
    }
  }

  /** @param {Thread} thread */
  markRead(thread) {
    const newest = thread.log.newest?.id ?? this.lastIds.get(thread.peer);
    thread.unread = 0;
    if (!newest || newest <= (this.read[thread.peer] ?? 0)) return;
    this.read[thread.peer] = newest;
    save(local, this.key, JSON.stringify(this.read));
  }
}
