// @ts-check
/** Says what went wrong with what a person wanted, until they have read it. */
import { h } from "./dom.js";

export class Alert {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /** @param {string} sentence */
  say(sentence) {
    this.place.hidden = false;
    this.place.replaceChildren(h("span", {}, sentence), h("button", { type: "button", onclick: () => this.clear() }, "Dismiss"));
  }

  clear() {
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}
