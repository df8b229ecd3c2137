// @ts-check
/**
 * What was said and is not yet known to be kept: an ordered list, written to a
 * Storage with every change so that a reload of the tab loses nothing.
 *
 * @typedef {object} Pending
 * @property {string} ref the REF it is sent with, every time
 * @property {string} from the name it was written under
 * @property {string} to the place where it is said
 * @property {string} text
 * @property {number} at ms since the epoch when it was written
 * @property {number} [sentAt] ms since the epoch when it was first sent; absent: never, or refused since
 * @property {number} [after] the feed's cursor when it was first sent; it can only come back after that
 * @property {number} [seen] id of the frame that is most likely this message; the ack decides
 * @property {{code: string, message: string}} [failed] why it will not be sent again by itself
 */

import { fold, placeOf, placeOfRoom, roomOf } from "./message.js";
import { load, save } from "./storage.js";

/** @typedef {import("./message.js").Message} Message */

/** The code of entries whose name is somebody else's now. */
export const NAME_LOST = "name_lost";

export class Outbox {
  /**
   * @param {Storage | null} storage
   * @param {string} key
   */
  constructor(storage, key) {
    this.storage = storage;
    this.key = key;
    /** @type {Pending[]} */
    this.entries = load(storage, key, []);
  }

  /** @param {string} from @param {string} to @param {string} text */
  add(from, to, text) {
    const entry = { ref: newRef(), from, to, text, at: Date.now() };
    this.entries.push(entry);
    this.save();
    return entry;
  }

  /**
   * The next one to send for this name: the oldest, since one sender's messages stay in order in each place.
   * @param {string} from @param {(place: string) => boolean} open whether anything may be said in a place now
   */
  next(from, open) {
    return this.entries.find((e) => e.from === from && !e.failed && open(e.to));
  }

  /** What is shown as said by name in a place and not yet known to be kept. @param {string} to @param {string} name */
  pending(to, name) {
    return this.entries.filter((e) => e.to === to && !e.seen && (e.from === name || e.failed?.code === NAME_LOST));
  }

  /** @param {string} ref */
  get(ref) {
    return this.entries.find((e) => e.ref === ref);
  }

  /**
   * Finds the entry that a frame of the same sender, place and text most likely is.
   * Needed because the frame may overtake its ack, and one message must not be shown as two.
   * @param {Message} message
   * @param {number} place the frame's place in its feed
   */
  match(message, place) {
    return this.entries.find(
      (e) =>
        e.sentAt && !e.seen && e.from === message.user && e.to === placeOf(message, message.user) &&
        e.text === message.text && place > (e.after ?? 0),
    );
  }

  /**
   * Notes which messages of this page's own name are entries of it, and says whether any is.
   * @param {Message[]} messages @param {(message: Message) => number} place in their feed
   */
  recognise(messages, place) {
    let any = false;
    for (const m of messages) {
      const entry = this.match(m, place(m));
      if (!entry) continue;
      this.update(entry, { seen: m.id });
      m.ref = entry.ref;
      any = true;
    }
    return any;
  }

  /** Takes out what is kept, and gives the message that it has become. @param {string} ref @param {number} id */
  settle(ref, id) {
    const entry = this.get(ref);
    if (!entry) return undefined;
    this.remove(ref);
    /** @type {Message} */
    const message = { id, user: entry.from, text: entry.text, time: Math.floor(id / 1e6), ref };
    const room = roomOf(entry.to);
    if (room !== undefined) message.room = room;
    else if (entry.to) message.to = entry.to;
    return message;
  }

  /** Has what failed sent again, under this name; false if that is not to be. @param {string} ref @param {string} name */
  retry(ref, name) {
    const entry = this.get(ref);
    if (!entry?.failed) return false;
    if (entry.failed.code === NAME_LOST) {
      if (!name) return false;
      this.update(entry, { from: name, ref: newRef() }); // another's message, as the server sees it
    }
    this.update(entry, { failed: undefined, sentAt: undefined });
    return true;
  }

  /** What is said in a room, however it was spelled, is said in it as it is spelled. @param {string} room */
  respell(room) {
    for (const entry of this.entries) if (fold(roomOf(entry.to) ?? "") === fold(room)) entry.to = placeOfRoom(room);
    this.save();
  }

  /** Nothing is sent to a place by itself any more. @param {string} place @param {string} code @param {string} message */
  fail(place, code, message) {
    for (const entry of this.entries) if (entry.to === place && !entry.seen && !entry.failed) entry.failed = { code, message };
    this.entries = this.entries.filter((e) => e.to !== place || !e.seen);
    this.save();
  }

  /** @param {string} ref */
  remove(ref) {
    this.entries = this.entries.filter((e) => e.ref !== ref);
    this.save();
  }

  clear() {
    this.entries = [];
    this.save();
  }

  /**
   * Nothing said under a name that is somebody else's now is sent by itself any more.
   * @param {string} name @returns {number} how many messages that concerns
   */
  disown(name) {
    const mine = this.entries.filter((e) => e.from === name && !e.seen);
    for (const entry of mine) {
      const message = entry.failed?.message
        ?? (entry.sentAt ? "It is not known whether this arrived." : `The name ${name} is somebody else’s now.`);
      entry.failed = { code: NAME_LOST, message };
    }
    this.entries = this.entries.filter((e) => e.from !== name || !e.seen);
    this.save();
    return mine.length;
  }

  /** Merges fields into an entry. @param {Pending} entry @param {Partial<Pending>} change */
  update(entry, change) {
    Object.assign(entry, change);
    this.save();
  }

  save() {
    save(this.storage, this.key, JSON.stringify(this.entries));
  }
}

/** A reference nobody else will make. */
export function newRef() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
