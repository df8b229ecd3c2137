// @ts-check
/** The lists at the sides: rooms and conversations with what is unread, and who is here. */
import { avatar, h, nameOf, rove, settleRoving } from "./dom.js";
import { roomOf } from "./message.js";

/** A list longer than this gets a field to filter it. */
const LONG = 12;

const alphabetical = new Intl.Collator();

export class ThreadList {
  /** @param {HTMLElement} list @param {(place: string) => void} open */
  constructor(list, open) {
    this.list = list;
    this.open = open;
    /** @type {Map<string, HTMLElement>} */ this.items = new Map();
    rove(list);
  }

  /** @param {import("./thread.js").Thread[]} threads in the order to show @param {string} current @param {Set<string> | null} people */
  draw(threads, current, people) {
    const items = threads.map((thread) => {
      const { place } = thread;
      const item = this.items.get(place) ?? this.make(place);
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      button.toggleAttribute("aria-current", false);
      if (place === current) button.setAttribute("aria-current", "true");
      button.classList.toggle("here", Boolean(place && people?.has(place)));
      const badge = /** @type {HTMLElement} */ (button.lastElementChild);
      const label = thread.unread > 99 ? "99+" : String(thread.unread || "");
      if (badge.dataset.label !== label) {
        badge.dataset.label = label;
        badge.replaceChildren(label, ...(label ? [h("span", { class: "visually-hidden" }, " unread")] : []));
      }
      button.classList.toggle("unread", thread.unread > 0);
      return item;
    });
    if (items.length !== this.list.children.length || items.some((item, i) => this.list.children[i] !== item)) {
      const focused = document.activeElement;
      this.list.replaceChildren(...items);
      if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus();
    }
    settleRoving(this.list, this.list.querySelector("[aria-current]"));
  }

  /** @param {string} place */
  make(place) {
    const room = place ? roomOf(place) : "Everyone";
    const icon = room === undefined ? avatar(place) : h("span", { class: "avatar sign", "aria-hidden": "true" }, "#");
    const label = room ?? place;
    const item = h("li", {},
      h("button", { type: "button", title: label, "data-place": place, onclick: () => this.open(place) },
        icon, h("span", { class: "label" }, label), h("span", { class: "badge" })));
    this.items.set(place, item);
    return item;
  }
}

export class PeopleList {
  /**
   * @param {{list: HTMLElement, filter: HTMLInputElement, note: HTMLElement, counts: HTMLElement[]}} elements
   * @param {(peer: string) => void} open
   */
  constructor({ list, filter, note, counts }, open) {
    this.list = list;
    this.filter = filter;
    this.note = note;
    this.counts = counts;
    this.open = open;
    /** @type {Map<string, HTMLElement>} */ this.items = new Map();
    /** @type {Set<string> | null} */ this.people = new Set();
    this.count = 0;
    this.me = "";
    filter.addEventListener("input", () => this.show());
    filter.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.list.querySelector("button")?.click();
    });
    rove(list);
  }

  /** @param {Set<string> | null} people @param {number} count @param {string} me */
  draw(people, count, me) {
    if (me !== this.me) this.items.clear(); // they say who is "you"
    this.people = people;
    this.count = count;
    this.me = me;
    this.show();
  }

  show() {
    const sought = this.filter.value.trim();
    const folded = sought.toLocaleLowerCase();
    const all = [...(this.people ?? [])].sort(alphabetical.compare);
    const found = all.filter((name) => name.toLocaleLowerCase().includes(folded));
    for (const name of this.items.keys()) if (!this.people?.has(name)) this.items.delete(name);
    const rows = found.map((name) => this.items.get(name) ?? this.make(name));
    // Somebody who is away can be written to as well: it waits for them.
    if (sought && !all.includes(sought)) rows.push(this.makeAway(sought));
    const focused = document.activeElement;
    if (rows.length !== this.list.children.length || rows.some((row, i) => this.list.children[i] !== row)) {
      this.list.replaceChildren(...rows);
      if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus();
    }
    settleRoving(this.list, null);
    for (const element of this.counts) element.textContent = this.count.toLocaleString();
    this.filter.hidden = !sought && all.length <= LONG && this.people !== null && this.count <= LONG;
    const hidden = this.people === null ? this.count : this.count - all.length;
    this.note.hidden = hidden <= 0;
    this.note.textContent = this.people === null ? "Too many to list. Type a name to write to somebody."
      : `and ${hidden.toLocaleString()} more`;
  }

  /** @param {string} name */
  make(name) {
    const me = name === this.me;
    const item = h("li", {},
      h("button", { type: "button", "data-name": name, onclick: () => this.choose(name) },
        avatar(name), h("span", { class: "label" }, nameOf(name), me && h("span", { class: "you" }, " (you)"))));
    this.items.set(name, item);
    return item;
  }

  /** @param {string} name */
  makeAway(name) {
    return h("li", {},
      h("button", { type: "button", class: "away", onclick: () => this.choose(name) },
        avatar(name), h("span", { class: "label" }, "Write to ", nameOf(name))));
  }

  /** @param {string} name */
  choose(name) {
    this.filter.value = "";
    this.open(name);
    this.show();
  }
}
