// @ts-check
/**
 * Pages of history that were asked for, each answered once. Those that can't be had are rejected with an error that has a
 * `code`, and where one may ask again `retryMs`, after which.
 *
 * @typedef {{messages: import("./message.js").Message[], more: boolean}} Page
 */
import { newRef } from "./outbox.js";
import { isRetryable, retryWait } from "./retry.js";

export class Pages {
  /** @param {(frame: string) => boolean} send whether there was a connection to send it on */
  constructor(send) {
    this.send = send;
    /** @type {Map<string, {resolve: (page: Page) => void, reject: (error: Error) => void}>} */ this.asked = new Map();
  }

  /**
   * @param {string} peer "" for the public feed
   * @param {number | null} before an id that the page is older than; null: the newest
   * @returns {Promise<Page>}
   */
  ask(peer, before) {
    return new Promise((resolve, reject) => {
      const ref = newRef();
      const page = before ?? "";
      if (!this.send(peer ? `dmhistory#${ref}:${peer}:${page}` : `history#${ref}:${page}`)) {
        return reject(failed("not connected", "offline"));
      }
      this.asked.set(ref, { resolve, reject });
    });
  }

  /** @param {{ref: string} & Page} frame */
  told({ ref, messages, more }) {
    this.take(ref)?.resolve({ messages, more });
  }

  /** False: nobody asked for a page by this ref. @param {string} ref @param {{code: string, message: string, retry_ms?: number}} error */
  refuse(ref, { code, message, retry_ms }) {
    const asked = this.take(ref);
    asked?.reject(failed(message, code, isRetryable(code) ? retryWait(retry_ms) : undefined));
    return asked !== undefined;
  }

  /** The connection is over. */
  stop() {
    for (const ref of [...this.asked.keys()]) this.take(ref)?.reject(failed("the connection was lost", "offline"));
  }

  /** @param {string} ref */
  take(ref) {
    const asked = this.asked.get(ref);
    this.asked.delete(ref);
    return asked;
  }
}

/** @param {string} message @param {string} code @param {number} [retryMs] */
function failed(message, code, retryMs) {
  return Object.assign(new Error(message), { code, retryMs });
}
