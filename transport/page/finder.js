// @ts-check
/** The dialog to find a room in, or to make one: a field, and below it what there is under that name. */
import { h, nameOf, rove, settleRoving } from "./dom.js";
import { fold } from "./message.js";

/** So many pages of 200 rooms are listed; whoever has more types the whole name. */
const PAGES = 5;
/** Rows beyond these are found by typing. */
const SHOWN = 200;
/** The protocol's limit of a ROOM. */
const ROOM_MAX = 64;

const alphabetical = new Intl.Collator(undefined, { numeric: true });

const BAD_NAME = "A room’s name has 1 to 64 characters, none of : { } /";

export class Finder {
  /**
   * @param {{dialog: HTMLDialogElement, form: HTMLFormElement, field: HTMLInputElement, list: HTMLElement, note: HTMLElement, error: HTMLElement, opener: HTMLElement}} elements
   * @param {{list: (after: string) => Promise<import("./pages.js").RoomList>, inside: (room: string) => boolean, open: (room: string) => void}} acts
   */
  constructor({ dialog, form, field, list, note, error, opener }, acts) {
    this.dialog = dialog;
    this.field = field;
    this.list = list;
    this.note = note;
    this.error = error;
    this.acts = acts;
    /** @type {{room: string, members: number}[]} */ this.rooms = [];
    /** Which look it is: what an earlier one is told comes too late. */ this.look = 0;
    this.more = false;
    this.asked = "";
    opener.addEventListener("click", () => this.show());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.field.value.trim()) this.list.querySelector("button")?.click();
    });
    field.addEventListener("input", () => {
      this.explain("");
      this.draw();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      this.list.querySelector("button")?.focus();
    });
    list.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" && document.activeElement === list.querySelector("button")) field.focus();
    }, { capture: true }); // before the focus moves inside the list
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // beside it
    });
    for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.look++);
    rove(list);
  }

  show() {
    this.field.value = "";
    this.asked = "";
    this.rooms = [];
    this.explain("");
    this.dialog.showModal();
    this.field.focus();
    void this.load(++this.look);
  }

  /** @param {number} look */
  async load(look) {
    this.more = true;
    this.draw("Looking…");
    let after = "";
    for (let pages = 0; pages < PAGES && this.more;) {
      try {
        const { rooms, more } = await this.acts.list(after);
        if (look !== this.look) return;
        this.rooms = [...this.rooms, ...rooms].sort((a, b) => alphabetical.compare(a.room, b.room));
        after = rooms.at(-1)?.room ?? "";
        this.more = more;
        pages++;
      } catch (error) {
        const { retryMs } = /** @type {any} */ (error);
        if (look === this.look && !retryMs) return this.draw("The list can’t be had now. You can still type the name of a room.");
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        if (look !== this.look) return;
      }
      this.draw();
    }
  }

  /** @param {string} [note] */
  draw(note) {
    const sought = this.field.value.trim();
    const form = fold(sought);
    const found = this.rooms.filter(({ room }) => fold(room).includes(form));
    const exact = found.findIndex(({ room }) => fold(room) === form);
    if (exact > 0) found.unshift(...found.splice(exact, 1));
    const rows = found.slice(0, SHOWN).map(({ room, members }) => this.row(room, room,
      this.acts.inside(room) ? "You are in it" : members === 1 ? "1 here" : `${members.toLocaleString()} here`));
    if (sought && exact < 0) {
      const verb = this.more ? "Enter or make " : "Make the room ";
      rows.push(this.row(sought, h("span", {}, verb, h("strong", {}, nameOf(sought))), ""));
    }
    this.list.replaceChildren(...rows);
    settleRoving(this.list, null);
    this.note.textContent = note ?? (found.length > SHOWN || this.more ? "There are more rooms. Type a name to find one."
      : this.rooms.length === 0 && !sought ? "There is no room yet. Type a name to make one." : "");
  }

  /** @param {string} room @param {Node | string} label @param {string} note */
  row(room, label, note) {
    return h("li", {}, h("button", { type: "button", "data-room": room, onclick: () => this.choose(room) },
      h("span", { class: "avatar sign", "aria-hidden": "true" }, "#"), h("span", { class: "label" }, label), h("span", { class: "members" }, note)));
  }

  /** @param {string} room */
  choose(room) {
    if ([...room].length > ROOM_MAX || /[:{}/]/u.test(room)) return this.explain(BAD_NAME);
    this.explain("");
    this.asked = room;
    this.note.textContent = "Entering…";
    this.acts.open(room);
  }

  /** A room was entered. @param {string} asked */
  entered(asked) {
    if (this.dialog.open && this.asked && fold(asked) === fold(this.asked)) this.dialog.close();
  }

  /** A room may not be entered; true: that was said here. @param {string} room @param {string} reason */
  refused(room, reason) {
    if (!this.dialog.open || fold(room) !== fold(this.asked)) return false;
    this.draw();
    this.explain(reason);
    this.field.focus();
    return true;
  }

  /** @param {string} reason */
  explain(reason) {
    this.error.textContent = reason;
    this.field.setAttribute("aria-invalid", String(reason !== ""));
  }
}
