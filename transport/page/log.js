// @ts-check
import { keyOf } from "./message.js";

/**
 * One thread's messages, oldest first, each once. A message with `gap` set may have older ones missing right
 * before it: at the top that is history not yet loaded, further down it is a hole.
 *
 * @typedef {import("./message.js").Message & {gap?: boolean}} Entry
 */
export class Log {
  constructor() {
    /** @type {Entry[]} */ this.entries = [];
    /** @type {Map<string, Entry>} */ this.byKey = new Map();
    this.broken = true; // nothing is known of what came before the first message
  }

  get newest() {
    return this.entries.at(-1);
  }

  /** What comes next does not join on to what is here. */
  breakHere() {
    this.broken = true;
  }

  /** Adds what the feed told; false if it is here already, or belongs to history not loaded. @param {import("./message.js").Message} message */
  add(message) {
    const [first] = this.entries;
    if (first?.gap && message.id < first.id) return false;
    const last = this.newest;
    const entry = this.insert(message);
    if (!entry) return false;
    if (this.broken && (!last || message.id > last.id)) {
      entry.gap = true;
      this.broken = false;
    }
    return true;
  }

  /**
   * Adds a page of history: all there is between its oldest message and the one it was asked before.
   * @param {Entry | null} before null: the page is the newest
   * @param {import("./message.js").Message[]} messages oldest first
   * @param {boolean} more whether there are older ones
   */
  addPage(before, messages, more) {
    if (before) before.gap = false;
    else this.broken = false;
    const [oldest, ...rest] = messages;
    for (const message of rest) {
      this.insert(message);
      this.find(message).gap = false;
    }
    if (!oldest) return;
    const isNew = this.insert(oldest);
    const entry = this.find(oldest);
    entry.gap = more && (isNew ? true : Boolean(entry.gap));
  }

  /** Lets go of the oldest; they can be loaded again. @param {number} keep */
  trim(keep) {
    if (this.entries.length <= keep) return;
    for (const entry of this.entries.splice(0, this.entries.length - keep)) this.byKey.delete(keyOf(entry));
    this.entries[0].gap = true;
  }

  /** @param {import("./message.js").Message} message @returns {Entry} */
  find(message) {
    return /** @type {Entry} */ (this.byKey.get(keyOf(message)));
  }

  /** Puts a message in its place; null if it is there already. @param {import("./message.js").Message} message @returns {Entry | null} */
  insert(message) {
    const key = keyOf(message);
    if (this.byKey.has(key)) return null;
    const entry = { ...message };
    let at = this.entries.length;
    while (at > 0 && this.entries[at - 1].id > message.id) at--;
    this.entries.splice(at, 0, entry);
    this.byKey.set(key, entry);
    return entry;
  }
}
