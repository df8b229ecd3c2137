// @ts-check
/**
 * Pages of history and of rooms that were asked for, each answered once. Those that can't be had are rejected with an
 * error that has a `code`, and where one may ask again `retryMs`, after which.
 *
 * @typedef {object} Page
 * @property {import("./message.js").Message[]} messages oldest first
 * @property {boolean} more whether there are older ones
 *
 * @typedef {object} RoomList
 * @property {{room: string, members: number}[]} rooms by name
 * @property {boolean} more whether there are further ones
 */
import { roomOf } from "./message.js";
import { newRef } from "./outbox.js";
import { isRetryable, retryWait } from "./retry.js";

export class Pages {
  /** @param {(frame: string) => boolean} send whether there was a connection to send it on */
  constructor(send) {
    this.send = send;
    /** @type {Map<string, {resolve: (page: any) => void, reject: (error: Error) => void}>} */ this.asked = new Map();
  }

  /**
   * @param {string} place
   * @param {number | null} before an id that the page is older than; null: the newest
   * @returns {Promise<Page>}
   */
  ask(place, before) {
    const page = before ?? "";
    const room = roomOf(place);
    if (room !== undefined) return this.get("roomhistory", `${room}:${page}`);
    return place ? this.get("dmhistory", `${place}:${page}`) : this.get("history", String(page));
  }

  /** @param {string} after a room that the page begins behind; "": the first @returns {Promise<RoomList>} */
  rooms(after) {
    return this.get("rooms", after);
  }

  /** @param {string} verb @param {string} rest @returns {Promise<any>} */
  get(verb, rest) {
    return new Promise((resolve, reject) => {
      const ref = newRef();
      if (!this.send(`${verb}#${ref}:${rest}`)) return reject(failed("not connected", "offline"));
      this.asked.set(ref, { resolve, reject });
    });
  }

  /** @param {{ref: string, type?: string, room?: string, peer?: string}} frame */
  told({ ref, type, room, peer, ...page }) {
    this.take(ref)?.resolve(page);
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
