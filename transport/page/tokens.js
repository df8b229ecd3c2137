// @ts-check
/** The tokens that prove names: kept for the browser where it lets us, else for as long as the page is open. */
import { fold } from "./message.js";
import { save } from "./storage.js";

export class Tokens {
  /** @param {Storage | null} storage */
  constructor(storage) {
    this.storage = storage;
    /** @type {Map<string, string>} */ this.own = new Map();
  }

  /** @param {string} name @returns {string | null} */
  get(name) {
    return this.storage?.getItem(keyOf(name)) ?? this.own.get(keyOf(name)) ?? null;
  }

  /** @param {string} name @param {string} token */
  keep(name, token) {
    this.own.set(keyOf(name), token);
    save(this.storage, keyOf(name), token);
  }

  /** @param {string} name */
  drop(name) {
    this.own.delete(keyOf(name));
    this.storage?.removeItem(keyOf(name));
  }

  /** Whether the token is there still when the page is opened again. @param {string} name @param {string} token */
  lasts(name, token) {
    return this.storage?.getItem(keyOf(name)) === token;
  }
}

/** Spellings that compare equal belong to one claim, so to one token. @param {string} name */
function keyOf(name) {
  return "parley.token." + fold(name);
}
