// @ts-check
/** The field to write in: Enter sends, Shift+Enter begins a line, and what was begun is kept per thread. */
import { load, save, session } from "./storage.js";

/** The protocol's limit of a TEXT. */
const MAX_BYTES = 4096;
const WARN_BYTES = 3600;
const DRAFTS = "parley.drafts";

export class Composer {
  /**
   * @param {{form: HTMLFormElement, field: HTMLTextAreaElement, button: HTMLButtonElement, note: HTMLElement}} elements
   * @param {(text: string) => void} send
   */
  constructor({ form, field, button, note }, send) {
    this.field = field;
    this.button = button;
    this.note = note;
    this.send = send;
    this.place = "";
    /** @type {Record<string, string>} */ this.drafts = load(session, DRAFTS, {});
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    field.addEventListener("keydown", (event) => {
      // Enter that ends the composition of a character is not the Enter that sends.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    field.addEventListener("input", () => this.changed());
  }

  /** @param {string} place @param {string} label */
  open(place, label) {
    this.place = place;
    this.field.value = this.drafts[place] ?? "";
    this.field.placeholder = label;
    this.field.setAttribute("aria-label", label);
    this.changed();
  }

  changed() {
    const { value } = this.field;
    if (value) this.drafts[this.place] = value;
    else delete this.drafts[this.place];
    save(session, DRAFTS, JSON.stringify(this.drafts));
    const bytes = new TextEncoder().encode(value).length;
    this.button.disabled = value.trim() === "" || bytes > MAX_BYTES;
    this.note.hidden = bytes < WARN_BYTES;
    this.note.textContent = bytes > MAX_BYTES ? `${bytes - MAX_BYTES} bytes too long` : `${MAX_BYTES - bytes} bytes left`;
    this.note.classList.toggle("over", bytes > MAX_BYTES);
    if (!CSS.supports("field-sizing", "content")) {
      this.field.style.height = "auto";
      this.field.style.height = `${this.field.scrollHeight}px`;
    }
  }

  submit() {
    if (this.button.disabled) return;
    const text = this.field.value.replace(/\s+$/u, "");
    this.field.value = "";
    this.changed();
    this.field.focus(); // also after a tap on the button, or a phone would take its keyboard away
    this.send(text);
  }
}
