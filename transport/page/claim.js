// @ts-check
/**
 * The name of this page: asked for on every connection, until it is given up, refused, or somebody else's.
 *
 * @typedef {object} Acts
 * @property {(frame: string) => void} send
 * @property {(retryAt: number, code: string) => void} waits  refused for now; it is asked for again then, ms since the epoch
 * @property {(code: string, message: string) => void} refused
 * @property {(name: string) => void} lost  it is somebody else's now, and this page has none
 */
import { newRef } from "./outbox.js";
import { isRetryable, retryWait } from "./retry.js";
import { save } from "./storage.js";
import { Tokens } from "./tokens.js";

/** The close code of who has lost the name to somebody else. */
export const CLOSE_NAME_LOST = 4009;

const KEPT_AS = "parley.name";

export class Claim {
  /**
   * @param {Storage | null} session keeps the name over a reload
   * @param {Storage | null} local   keeps the tokens of names
   * @param {boolean} hold           whether the server shall hold the names whose tokens are kept
   * @param {Acts} acts
   */
  constructor(session, local, hold, acts) {
    this.session = session;
    this.tokens = new Tokens(local);
    this.hold = hold;
    this.acts = acts;
    /** What is asked for, and then the name as the server spells it. */
    /** @type {string} */ this.name = session?.getItem(KEPT_AS) ?? "";
    /** The name that was joined with, maybe before a reload. */ this.had = this.name;
    /** Of the join that is under way. */ this.ref = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */ this.timer = undefined;
  }

  ask() {
    clearTimeout(this.timer);
    this.ref = newRef();
    const token = this.tokens.get(this.name);
    this.acts.send(`join#${this.ref}:${this.name}${token ? ":" + token : ""}`);
  }

  /** The connection is over, and with it what was asked. */
  stop() {
    this.ref = "";
    clearTimeout(this.timer);
  }

  /** @param {string} name @param {string} [token] that proves it */
  given(name, token) {
    this.name = this.had = name;
    save(this.session, KEPT_AS, name);
    if (!token) return;
    this.tokens.keep(name, token);
    // Where nothing can be stored the name would be held for nobody.
    if (this.hold && this.tokens.lasts(name, token)) this.acts.send(`hold#${newRef()}:`);
  }

  /** @param {{code: string, message: string, retry_ms?: number}} error */
  refuse({ code, message, retry_ms }) {
    this.ref = "";
    const token = this.tokens.get(this.name);
    if (isRetryable(code)) {
      const wait = retryWait(retry_ms);
      this.timer = setTimeout(() => this.ask(), wait);
      return this.acts.waits(Date.now() + wait, code);
    }
    // Who had it under this spelling, and shows the token, is refused only where it is somebody else's.
    if (code === "name_taken" && token && this.had === this.name) return this.lose();
    if (code === "unauthorized" && token) {
      this.tokens.drop(this.name); // of a claim that has ended; the name may be free
      return this.ask();
    }
    this.acts.refused(code, message);
  }

  /** The name is somebody else's. */
  lose() {
    const { name } = this;
    this.tokens.drop(name);
    this.giveUp();
    this.acts.lost(name);
  }

  giveUp() {
    this.name = this.had = "";
    this.session?.removeItem(KEPT_AS);
  }
}
