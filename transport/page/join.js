// @ts-check
/** The way in: a name, and beside it why it was not given. */
import { local, save } from "./storage.js";

const LAST = "parley.name";

/** What a person can do about it, by error code; for others the server's own sentence stands. */
const REASONS = {
  name_taken: "Somebody is using that name. Choose another, or come in with the browser that holds it.",
  bad_name: "Names have 1 to 32 characters, none of : { } /, and can't pass for another's or for the chat's own.",
};

export class JoinForm {
  /**
   * @param {{page: HTMLElement, form: HTMLFormElement, lead: HTMLElement, field: HTMLInputElement, error: HTMLElement, button: HTMLButtonElement}} elements
   * @param {(name: string) => void} join
   */
  constructor({ page, form, lead, field, error, button }, join) {
    this.page = page;
    this.lead = lead;
    this.field = field;
    this.error = error;
    this.button = button;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (!isName(name)) return this.refuse({ code: "bad_name", message: "" }, field.value);
      this.explain("");
      this.wait(true);
      join(name);
    });
    field.addEventListener("input", () => this.explain(""));
  }

  /** @param {string} room that a link has led to, or "" */
  open(room) {
    this.page.hidden = false;
    if (room) this.lead.textContent = `Pick a name to enter ${room}. No account, no password.`;
    this.wait(false);
    this.field.value = local?.getItem(LAST) ?? "";
    this.field.select();
    this.field.focus();
  }

  /** @param {string} name */
  close(name) {
    this.page.hidden = true;
    save(local, LAST, name);
  }

  /** @param {{code: string, message: string}} refusal @param {string} name */
  refuse({ code, message }, name) {
    this.page.hidden = false;
    this.wait(false);
    this.field.value = name;
    this.explain(REASONS[/** @type {keyof typeof REASONS} */ (code)] ?? message);
    this.field.select();
    this.field.focus();
  }

  /** The name was this person's until now. @param {string} name @param {number} unsent how many messages wait */
  lose(name, unsent) {
    const kept = unsent === 0 ? ""
      : unsent === 1 ? " One message may not have been sent: it is kept for you in the chat."
      : ` ${unsent} messages may not have been sent: they are kept for you in the chat.`;
    this.refuse({ code: "", message: `The name ${name} is somebody else’s now. Choose another to go on.${kept}` }, name);
  }

  /** Tells why joining takes its time. @param {{state: string, code?: string | number}} change of the connection */
  show({ state, code }) {
    if (this.page.hidden || !this.button.disabled) return;
    this.button.textContent = state === "offline" ? "The server does not answer. Trying again…"
      : state === "online" && code === "rate_limited" ? "Many are joining. Trying again in a moment…"
      : state === "online" && code ? "The server is busy. Trying again in a moment…" : "Joining…";
    if (state !== "shut") return;
    this.wait(false);
    this.explain("The server closed the connection. It may not allow this page.");
  }

  /** @param {boolean} waiting */
  wait(waiting) {
    this.button.disabled = waiting;
    this.button.textContent = waiting ? "Joining…" : "Join the chat";
  }

  /** @param {string} reason */
  explain(reason) {
    this.error.textContent = reason;
    this.field.setAttribute("aria-invalid", String(reason !== ""));
  }
}

/** What is surely no name is not sent; the server knows the rest. @param {string} name */
function isName(name) {
  return name !== "" && [...name].length <= 32 && !/[:{}/]/u.test(name);
}
