// @ts-check
/**
 * Shows one thread at a time: its messages, then what is still pending. Drawing again is cheap: a row is made
 * once per message and only moved, so whoever changes something just asks for another draw().
 */
import { avatar, h, nameOf } from "./dom.js";
import { linkify } from "./linkify.js";
import { NAME_LOST } from "./outbox.js";

/** Messages of one person this close together are one group. */
const GROUP_S = 5 * 60;
/** This near to an end counts as being there, px. */
const NEAR_BOTTOM = 80;
const NEAR_TOP = 700;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/**
 * @typedef {object} Thread
 * @property {string} place "" for everyone; see message.js
 * @property {import("./log.js").Log} log
 * @property {number} unread
 * @property {number} [newFrom]  id of the first message that came unseen: marked by a line
 * @property {boolean} [loading]
 * @property {boolean} [stalled] the last try to load history failed: a person has to ask again
 * @property {number} [scroll]   where it was left, if not at its end
 */

export class ThreadView {
  /**
   * @param {{scroller: HTMLElement, list: HTMLElement, pill: HTMLElement}} elements
   * @param {{load: (entry: any) => void, read: () => void, write: (peer: string) => void,
   *          retry: (ref: string) => void, discard: (ref: string) => void}} acts
   */
  constructor({ scroller, list, pill }, acts) {
    this.scroller = scroller;
    this.list = list;
    this.pill = pill;
    this.acts = acts;
    /** @type {Map<any, HTMLElement>} */ this.rows = new Map();
    /** @type {WeakMap<HTMLElement, {previous: any, gap: string, isNew: boolean}>} what a row was dressed for */
    this.worn = new WeakMap();
    /** @type {Thread | null} */ this.thread = null;
    this.me = "";
    this.atEnd = true;
    this.below = 0;
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(scroller);
    list.addEventListener("mouseover", tellTime);
    pill.addEventListener("click", () => {
      this.toEnd();
      this.scroller.focus();
    });
  }

  /** @param {Thread} thread @param {string} me @param {any[]} pending */
  open(thread, me, pending) {
    if (this.thread) this.thread.scroll = this.atEnd ? undefined : this.scroller.scrollTop;
    this.thread = thread;
    this.me = me;
    this.rows.clear();
    this.list.replaceChildren();
    this.below = 0;
    this.atEnd = thread.scroll === undefined;
    this.draw(pending);
    if (thread.scroll !== undefined) this.scroller.scrollTop = thread.scroll;
    const mark = this.list.querySelector(".new-line");
    if (mark) {
      mark.scrollIntoView({ block: "center" });
      this.scrolled();
    }
  }

  /** @param {any[]} pending @param {number} [arrived] how many messages came since the last draw */
  draw(pending, arrived = 0) {
    const thread = /** @type {Thread} */ (this.thread);
    const { entries } = thread.log;
    const wanted = new Set([...entries, ...pending]);
    const anchor = this.atEnd ? null : this.anchor();
    // History is not news: a screen reader is told only what arrived.
    this.list.setAttribute("aria-live", arrived || pending.length ? "polite" : "off");

    for (const [entry, row] of this.rows) {
      if (wanted.has(entry)) continue;
      row.remove();
      this.rows.delete(entry);
    }
    let next = this.list.firstElementChild;
    let previous = null;
    for (const entry of wanted) {
      const stale = this.rows.get(entry);
      const row = this.rowOf(entry);
      if (stale === next) next = row;
      this.dress(row, entry, previous);
      if (row === next) next = next.nextElementSibling;
      else this.list.insertBefore(row, next);
      previous = entry;
    }
    this.list.classList.toggle("empty", wanted.size === 0 && !thread.log.broken);

    if (this.atEnd) this.toEnd();
    else if (anchor) this.scroller.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
    if (!this.atEnd) this.below += arrived;
    this.scrolled();
  }

  /** The first row in sight, and where it is: what must not move while rows come and go around it. */
  anchor() {
    const edge = this.scroller.getBoundingClientRect().top;
    const rows = this.list.children;
    let [low, high] = [0, rows.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom < edge) low = middle + 1;
      else high = middle;
    }
    const row = rows[low]?.lastElementChild; // the message itself: what stands above it changes with history
    return row ? { row, top: row.getBoundingClientRect().top } : null;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    if (this.atEnd) this.below = 0;
    this.pill.hidden = this.atEnd;
    this.pill.textContent = this.below === 0 ? "Jump to latest"
      : this.below === 1 ? "1 new message" : `${this.below} new messages`;
    this.pill.classList.toggle("news", this.below > 0);
    if (this.atEnd) this.acts.read();
    const { log, loading, stalled } = /** @type {Thread} */ (this.thread);
    const top = log.entries[0] ?? null;
    if (!loading && !stalled && scrollTop < NEAR_TOP && (top ? top.gap : log.broken)) this.acts.load(top);
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.atEnd = true;
  }

  /** @param {any} entry */
  rowOf(entry) {
    const row = this.rows.get(entry);
    if (row && row.classList.contains("failed") === Boolean(entry.failed)) return row;
    const made = this.makeRow(entry);
    row?.replaceWith(made);
    return made;
  }

  /** @param {any} entry a message, or a pending one @returns {HTMLElement} */
  makeRow(entry) {
    const pending = entry.id === undefined;
    const user = pending ? entry.from : entry.user;
    const own = pending || user === this.me;
    const at = new Date(pending ? entry.at : entry.id / 1000);
    const author = own
      ? h("span", { class: "author visually-hidden" }, "You")
      : h("button", { class: "author", type: "button", title: `Write to ${user}`, onclick: () => this.acts.write(user) }, nameOf(user));
    const text = h("p", { class: "text", dir: "auto" }, ...linkify(entry.text));
    const body = h("div", { class: "body" },
      h("div", { class: "meta" }, author, h("time", { datetime: at.toISOString() }, clock.format(at))),
      h("div", { class: "bubble" }, text),
      pending && this.makeMark(entry));
    const row = h("div", { class: "row" }, h("article", { class: `message${own ? " own" : ""}` }, !own && avatar(user), body));
    if (entry.failed) row.classList.add("failed");
    else if (pending) row.classList.add("pending");
    this.rows.set(entry, row);
    return row;
  }

  /** @param {import("./outbox.js").Pending} entry */
  makeMark(entry) {
    if (!entry.failed) return h("div", { class: "mark" }, "Sending…");
    return h("div", { class: "mark" },
      h("span", {}, entry.sentAt ? entry.failed.message : `Not sent: ${entry.failed.message}`),
      h("button", { type: "button", onclick: () => this.acts.retry(entry.ref) }, entry.failed.code === NAME_LOST ? `Send as ${this.me}` : "Try again"),
      h("button", { type: "button", onclick: () => this.acts.discard(entry.ref) }, "Discard"));
  }

  /** Puts above a row what depends on the row before it. @param {HTMLElement} row @param {any} entry @param {any} previous */
  dress(row, entry, previous) {
    const thread = /** @type {Thread} */ (this.thread);
    const isNew = entry.id !== undefined && entry.id === thread.newFrom;
    const gap = !entry.gap ? "" : thread.loading ? "loading" : thread.stalled || previous ? "ask" : "auto";
    const worn = this.worn.get(row);
    if (worn && worn.previous === previous && worn.gap === gap && worn.isNew === isNew) return;
    this.worn.set(row, { previous, gap, isNew });
    const seconds = timeOf(entry);
    const newDay = !previous || !sameDay(timeOf(previous), seconds);
    const joins = previous && !newDay && !gap && !isNew && userOf(previous) === userOf(entry) && seconds - timeOf(previous) < GROUP_S;
    row.classList.toggle("joins", Boolean(joins));
    while (row.firstElementChild !== row.lastElementChild) row.firstElementChild?.remove();
    const at = new Date(seconds * 1000);
    row.prepend(.../** @type {Node[]} */ ([
      gap && this.makeGap(gap, entry, Boolean(previous)),
      newDay && h("div", { class: "day" }, h("time", { datetime: at.toISOString().slice(0, 10) }, dayName(at))),
      isNew && h("div", { class: "new-line" }, h("span", {}, "New")),
    ].filter(Boolean)));
  }

  /** @param {string} gap @param {any} entry @param {boolean} inside */
  makeGap(gap, entry, inside) {
    if (gap !== "ask") return h("div", { class: "gap" }, h("span", {}, "Loading older messages…"));
    return h("div", { class: "gap" },
      h("span", {}, inside ? "Some messages are missing here." : "Older messages are not loaded."),
      h("button", { type: "button", onclick: () => this.acts.load(entry) }, "Load them"));
  }
}

/** Gives a time its full date when somebody points at it: formatting all of them beforehand is slow. @param {Event} event */
function tellTime({ target }) {
  if (target instanceof HTMLTimeElement && !target.title) target.title = full.format(new Date(target.dateTime));
}

/** @param {any} entry */
const timeOf = (entry) => (entry.id === undefined ? entry.at / 1000 : entry.id / 1e6);
/** @param {any} entry */
const userOf = (entry) => entry.user ?? entry.from;

/** @param {number} a @param {number} b unix seconds */
function sameDay(a, b) {
  return Math.abs(a - b) < 86_400 && new Date(a * 1000).getDate() === new Date(b * 1000).getDate();
}

/** @param {Date} at */
function dayName(at) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const days = Math.round((midnight - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return day.format(at) + (at.getFullYear() === new Date().getFullYear() ? "" : ` ${at.getFullYear()}`);
}
