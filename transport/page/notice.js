// @ts-check
/** Says quietly how the connection is. */
import { h } from "./dom.js";

/** Most losses are over before anybody needs to hear of them. */
const PATIENCE_MS = 1_200;

const WORDS = { joined: "Online", online: "Connecting…", connecting: "Connecting…", offline: "Offline", shut: "Disconnected" };

export class Notice {
  /** @param {{notice: HTMLElement, state: HTMLElement}} elements @param {() => void} reconnect */
  constructor({ notice, state }, reconnect) {
    this.notice = notice;
    this.state = state;
    this.reconnect = reconnect;
    /** @type {ReturnType<typeof setTimeout> | null} */ this.timer = null;
  }

  /** @param {{state: keyof typeof WORDS, code?: number}} change */
  show({ state, code }) {
    this.state.textContent = WORDS[state];
    this.state.dataset.state = state;
    if (state === "joined") return this.clear();
    if (state === "shut") {
      this.clear();
      return this.say(`The server closed the connection (${code}).`);
    }
    this.timer ??= setTimeout(() => this.say("Reconnecting. You can go on writing: messages are sent as soon as the line is back."), PATIENCE_MS);
  }

  clear() {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.notice.hidden = true;
    this.notice.replaceChildren();
  }

  /** @param {string} sentence */
  say(sentence) {
    this.notice.hidden = false;
    this.notice.replaceChildren(h("span", {}, sentence), h("button", { type: "button", onclick: () => this.reconnect() }, "Connect now"));
  }
}
