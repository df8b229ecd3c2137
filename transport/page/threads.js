// @ts-check
/** All threads of one person: their logs, what is unread in them, and up to where this browser has read. */
import { Log } from "./log.js";
import { placeOf, placeOfRoom, roomOf } from "./message.js";
import { load, local, save } from "./storage.js";

/** @typedef {import("./thread.js").Thread} Thread */

const alphabetical = new Intl.Collator(undefined, { numeric: true });

export class Threads {
  /** @param {string} me */
  constructor(me) {
    this.me = me;
    /** @type {Map<string, Thread>} */ this.all = new Map();
    /** @type {Record<string, number>} id of the last message read, by place */
    this.read = load(local, this.key, {});
    /** @type {Map<string, number>} id of the newest message, also of conversations that are not loaded */
    this.lastIds = new Map();
    this.get("");
  }

  get key() {
    return "parley.read." + this.me;
  }

  /** @param {string} place @returns {Thread} */
  get(place) {
    let thread = this.all.get(place);
    if (!thread) {
      thread = { place, log: new Log(), unread: 0 };
      this.all.set(place, thread);
    }
    return thread;
  }

  /** A room was left: who comes back has missed nothing. @param {string} place */
  remove(place) {
    this.all.delete(place);
    delete this.read[place];
    save(local, this.key, JSON.stringify(this.read));
  }

  /** Everyone first, then the rooms by name. */
  get rooms() {
    const [everyone, ...rest] = this.all.values();
    const rooms = rest.filter((t) => roomOf(t.place) !== undefined);
    return [everyone, ...rooms.sort((a, b) => alphabetical.compare(a.place, b.place))];
  }

  /** Whoever was last heard of first. */
  get conversations() {
    const last = (/** @type {Thread} */ t) => t.log.newest?.id ?? this.lastIds.get(t.place) ?? Infinity;
    const people = [...this.all.values()].filter((t) => t.place && roomOf(t.place) === undefined);
    return people.sort((a, b) => last(b) - last(a) || 0);
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
   * Sorts messages into their threads; returns how many were new for each place.
   * @param {import("./chat.js").Events["messages"]} told gap: they do not join on to what is here
   * @param {boolean} first public history on arrival, which nobody has missed
   */
  add({ messages, gap, direct, room, live }, first) {
    const place = room === undefined ? "" : placeOfRoom(room);
    const inFeed = (/** @type {Thread} */ t) => (direct ? t.place !== "" && roomOf(t.place) === undefined : t.place === place);
    if (gap) for (const thread of this.all.values()) if (inFeed(thread)) thread.log.breakHere();
    const nothingMissed = first || (room !== undefined && !live && this.read[place] === undefined);
    /** @type {Map<string, number>} */ const added = new Map();
    for (const message of messages) {
      const where = placeOf(message, this.me);
      const thread = this.get(where);
      if (!thread.log.add(message)) continue;
      added.set(where, (added.get(where) ?? 0) + 1);
      this.count(thread, message, nothingMissed);
    }
    if (nothingMissed && room !== undefined) this.begin(place);
    return added;
  }

  /** From here on, what comes to a room is unread, also after a reload. @param {string} place */
  begin(place) {
    this.read[place] ??= 0;
    save(local, this.key, JSON.stringify(this.read));
  }

  /** @param {Thread} thread @param {import("./message.js").Message} message @param {boolean} nothingMissed */
  count(thread, message, nothingMissed) {
    if (message.user === this.me || nothingMissed) {
      this.markRead(thread);
    } else if (message.id > (this.read[thread.place] ?? 0)) {
      thread.unread++;
      thread.newFrom ??= message.id;
    }
  }

  /** @param {Thread} thread */
  markRead(thread) {
    const newest = thread.log.newest?.id ?? this.lastIds.get(thread.place);
    thread.unread = 0;
    if (!newest || newest <= (this.read[thread.place] ?? 0)) return;
    this.read[thread.place] = newest;
    save(local, this.key, JSON.stringify(this.read));
  }
}
