// @ts-check
/**
 * Sends the outbox: the oldest message first and one at a time, so that a refusal can't change the order. After
 * `rate_limited` the rest goes at the pace that the server takes, until nothing waits any more.
 *
 * @typedef {import("./outbox.js").Pending} Pending
 *
 * @typedef {object} Acts
 * @property {(frame: string) => void} send
 * @property {(entry: Pending) => number} cursor  of the feed that the message will come back in
 * @property {(entry: Pending) => boolean} whole  that feed came back without a hole, so what is not in it was not stored
 * @property {(place: string) => boolean} open  whether anything may be said in a place now
 * @property {() => void} changed     an entry, or whether sending is paced
 */
import { roomOf } from "./message.js";
import { newRef } from "./outbox.js";
import { isRetryable, retryWait } from "./retry.js";

/** The server forgets a REF 10 minutes after it was stored; a minute of it is kept for clocks and travel. */
const REF_LIFE_MS = 9 * 60_000;
/** A pace is what the refusals showed and a little more, since travel times vary. */
const PACE_MARGIN = 1.1;
/** Slower than this is no pace but a budget that others share: the refusals say when there is some of it. */
const PACE_MAX_MS = 2_000;

export class Sender {
  /** @param {import("./outbox.js").Outbox} outbox @param {Acts} acts */
  constructor(outbox, acts) {
    this.outbox = outbox;
    this.acts = acts;
    /** Whose messages are sent; "" while nobody has joined. */
    this.name = "";
    this.underWay = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */ this.timer = undefined;
    this.pace = 0; // ms between two messages; 0: as fast as they are acked
    this.sentAt = 0; // ms of performance.now(), as takenAt
    this.takenAt = -Infinity; // when the last message was sent that was taken
  }

  /** @param {string} name */
  start(name) {
    this.name = name;
    this.flush();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.name = this.underWay = "";
  }

  flush() {
    if (!this.name || this.underWay || this.timer) return;
    const entry = this.outbox.next(this.name, this.acts.open);
    if (!entry) {
      this.pace = 0;
      return;
    }
    const early = this.sentAt + this.pace - performance.now();
    if (this.pace && early > 0) return this.pause(early);
    if (entry.sentAt && Date.now() - entry.sentAt > REF_LIFE_MS) return this.settleOld(entry);
    this.underWay = entry.ref;
    this.sentAt = performance.now();
    if (!entry.sentAt) this.outbox.update(entry, { sentAt: Date.now(), after: this.acts.cursor(entry) });
    this.acts.send(frameOf(entry));
  }

  /** Stops sending for so many ms. @param {number} ms */
  pause(ms) {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, ms);
  }

  /**
   * Its REF may be forgotten, so sending it again could double it. A feed without holes since then tells
   * whether it was stored; otherwise only a person can decide.
   * @param {Pending} entry
   */
  settleOld(entry) {
    if (entry.seen) this.outbox.remove(entry.ref);
    else if (this.acts.whole(entry)) this.outbox.update(entry, { ref: newRef(), sentAt: undefined });
    else this.outbox.update(entry, { failed: { code: "unknown", message: "It is not known whether this arrived." } });
    this.acts.changed();
    this.flush();
  }

  /** The message is stored: the next one may go. @param {string} ref */
  acked(ref) {
    if (this.underWay !== ref) return;
    this.underWay = "";
    this.takenAt = this.sentAt;
    this.flush();
  }

  /** It was not taken, since its place was not open any more; it is sent when it is again. @param {Pending} entry */
  postpone(entry) {
    this.underWay = "";
    this.outbox.update(entry, { sentAt: undefined, seen: undefined });
    this.flush();
  }

  /** @param {Pending} entry @param {{code: string, message: string, retry_ms?: number}} error */
  refused(entry, { code, message, retry_ms }) {
    this.underWay = "";
    if (isRetryable(code)) {
      this.outbox.update(entry, { sentAt: undefined, seen: undefined });
      const wait = retryWait(retry_ms);
      // Between two that are taken lies at least this: from the last one that was until this one would be.
      const since = performance.now() - this.takenAt;
      const least = (since < PACE_MAX_MS ? since : 0) + (retry_ms ?? 0);
      if (code === "rate_limited") this.pace = Math.min(Math.max(this.pace, least * PACE_MARGIN), PACE_MAX_MS);
      this.sentAt = -Infinity; // the refusal's own wait is the one that counts now
      this.pause(wait);
    } else {
      this.outbox.update(entry, { failed: { code, message }, sentAt: undefined, seen: undefined });
    }
    this.acts.changed();
    this.flush();
  }
}

/** @param {Pending} entry */
function frameOf({ ref, from, to, text }) {
  const room = roomOf(to);
  if (room !== undefined) return `room#${ref}:${from}:${room}:${text}`;
  return to ? `dm#${ref}:${from}:${to}:${text}` : `msg#${ref}:${from}:${text}`;
}
