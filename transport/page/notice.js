// @ts-check
/** Says quietly how the connection is. */
import { h } from "./dom.js";

/** Most losses are over before anybody needs to hear of them. */
const PATIENCE_MS = 1_200;

const WORDS = { joined: "Online", online: "Connecting…", connecting: "Connecting…", offline: "Offline", shut: "Disconnected" };

const RECONNECTING = "Reconnecting. You can go on writing: messages are sent as soon as the line is back.";
const JOINS_LIMITED = "Many are coming in at once. You can go on writing: you are let in again in a moment.";
const PACED = "You write faster than the server takes messages. The rest follows by itself, in order.";

export class Notice {
  /** @param {{notice: HTMLElement, state: HTMLElement}} elements @param {() => void} reconnect */
  constructor({ notice, state }, reconnect) {
    this.notice = notice;
    this.state = state;
    this.reconnect = reconnect;
    this.said = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} what is to be said if it lasts */ this.timer = undefined;
    this.joined = false;
    this.paced = false;
  }

  /** @param {{state: keyof typeof WORDS, code?: number | string}} change */
  show({ state, code }) {
    this.state.textContent = WORDS[state];
    this.state.dataset.state = state;
    if (state === "joined" || state === "shut" || this.joined) this.clear();
    this.joined = state === "joined";
    if (state === "joined") return;
    if (state === "shut") return this.say(`The server closed the connection (${code}).`, true);
    if (state === "online" && code === "rate_limited") {
      this.clear();
      return this.say(JOINS_LIMITED);
    }
    this.timer ??= setTimeout(() => this.say(RECONNECTING, true), PATIENCE_MS);
  }

  /** @param {boolean} paced whether messages wait because the server takes them more slowly than they are written */
  pace(paced) {
    if (!this.joined || paced === this.paced) return;
    this.clear();
    this.paced = paced;
    if (paced) this.timer = setTimeout(() => this.say(PACED), PATIENCE_MS);
  }

  clear() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.paced = false;
    this.said = "";
    this.notice.hidden = true;
    this.notice.replaceChildren();
  }

  /** @param {string} sentence @param {boolean} [down] whether a person may want to connect at once */
  say(sentence, down = false) {
    if (this.said === sentence) return;
    this.said = sentence;
    this.notice.hidden = false;
    this.notice.replaceChildren(h("span", {}, sentence),
      .../** @type {Node[]} */ (down ? [h("button", { type: "button", onclick: () => this.reconnect() }, "Connect now")] : []));
  }
}
