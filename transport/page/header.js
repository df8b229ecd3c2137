// @ts-check
/** What stands above a thread: its name, who hears it, and what one can do with a room. */
import { roomOf } from "./message.js";
import { linkTo } from "./roomlink.js";

/** How long the button says that the link was copied. */
const COPIED_MS = 2_000;

export class Header {
  /**
   * @param {{title: HTMLElement, note: HTMLElement, dot: HTMLElement, tools: HTMLElement, copy: HTMLElement, exit: HTMLElement}} elements
   * @param {() => void} exitRoom
   */
  constructor({ title, note, dot, tools, copy, exit }, exitRoom) {
    this.title = title;
    this.note = note;
    this.dot = dot;
    this.tools = tools;
    this.copy = copy;
    this.place = "";
    exit.addEventListener("click", () => exitRoom());
    copy.addEventListener("click", () => void this.copyLink());
  }

  /** @param {string} place @param {import("./chat.js").Chat} chat @param {boolean} unread whether there is something in another thread */
  draw(place, chat, unread) {
    const room = roomOf(place);
    const name = room ?? (place || "Everyone");
    if (this.title.textContent !== name) this.title.textContent = name;
    this.title.classList.toggle("room", room !== undefined);
    this.note.textContent = room !== undefined ? roomNote(room, chat) : !place ? `${chat.count.toLocaleString()} here` : personNote(place, chat);
    this.dot.hidden = !unread;
    this.tools.hidden = room === undefined;
    this.place = place;
  }

  async copyLink() {
    const link = linkTo(roomOf(this.place));
    const said = await navigator.clipboard.writeText(link).then(() => "Copied", () => undefined);
    if (!said) return void window.prompt("The link to this room", link); // only pages that came by TLS may copy
    const { textContent } = this.copy;
    this.copy.textContent = said;
    setTimeout(() => { this.copy.textContent = textContent; }, COPIED_MS);
  }
}

/** @param {string} room @param {import("./chat.js").Chat} chat */
function roomNote(room, chat) {
  const here = chat.presence(room);
  if (here) return `${here.count.toLocaleString()} here`;
  return chat.inside.includes(room) ? "Entering…" : "You are not in this room";
}

/** @param {string} peer @param {import("./chat.js").Chat} chat */
function personNote(peer, chat) {
  if (peer === chat.name) return "Notes to yourself";
  if (!chat.people) return "Only the two of you see this";
  return chat.people.has(peer) ? "Here now · only the two of you see this" : "Away · gets your messages on coming back";
}
