// @ts-check
/**
 * A WebSocket that comes back: it reconnects with full jitter, notices a dead link, and moves when told to.
 * It knows of the protocol only what keeps a connection alive (`ping:`) and which close codes are final.
 *
 * @typedef {object} Events
 * @property {() => URL} url            asked for before every attempt
 * @property {() => void} connecting
 * @property {() => void} opened
 * @property {(text: string) => void} heard
 * @property {(code: number) => void} closed      whatever was under way on the connection is over
 * @property {(retryAt: number) => void} waiting  until the next attempt, ms since the epoch
 * @property {(code: number) => void} shut        for good, until connect() is called
 */

const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 20_000;
/** A connection that held this long starts the backoff anew; one that ends sooner counts as a failure. */
const STEADY_MS = 5_000;
const PING_EVERY_MS = 20_000;
const PING_PATIENCE_MS = 5_000;
/** Binary frame, not UTF-8, not allowed, too large: connecting again would end the same way. */
const FINAL_CODES = new Set([1003, 1007, 1008, 1009]);
/** 1000 tells the server that the person leaves; with these only the connection changes. */
const CLOSE_LEAVING = 1000;
const CLOSE_MOVING = 4000;
/** What RFC 6455 calls an end without a close frame. */
const CLOSE_ABNORMAL = 1006;

export class Link {
  /** @param {Events} events */
  constructor(events) {
    this.events = events;
    /** @type {WebSocket | null} */ this.socket = null;
    this.openedAt = 0;
    this.heardAt = 0;
    this.failures = 0;
    this.visible = true;
    /** @type {Record<string, ReturnType<typeof setTimeout> | undefined>} */ this.timers = {};
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Connects now, dropping the connection there may be. */
  connect() {
    this.drop(CLOSE_MOVING);
    this.events.connecting();
    const socket = new WebSocket(this.events.url());
    this.socket = socket;
    // A socket that was replaced may still have events in the queue: they are nobody's any more.
    const current = (/** @type {(event: any) => void} */ handle) => (/** @type {any} */ event) => {
      if (this.socket === socket) handle(event);
    };
    socket.onopen = current(() => {
      this.openedAt = this.heardAt = Date.now();
      this.events.opened();
      this.ping();
    });
    socket.onmessage = current((event) => {
      this.heardAt = Date.now();
      this.events.heard(event.data);
    });
    socket.onclose = current((event) => this.lost(event.code));
    // Browsers say close right after; Node before 22 does not where nobody answers.
    socket.onerror = current(() => setTimeout(current(() => this.lost(CLOSE_ABNORMAL))));
  }

  /** Connects now if there is no connection, instead of after the wait. */
  hurry() {
    if (this.socket) return;
    this.failures = 0;
    this.connect();
  }

  leave() {
    this.drop(CLOSE_LEAVING);
  }

  /** Gives the connection up and tries again after a wait. @param {number} code */
  lost(code) {
    if (this.openedAt && Date.now() - this.openedAt >= STEADY_MS) this.failures = 0;
    this.drop(CLOSE_MOVING, code);
    if (FINAL_CODES.has(code)) return this.events.shut(code);
    // Full jitter: after an outage everybody comes back at once, and only chance spreads them.
    const wait = Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** this.failures++);
    this.timers.retry = setTimeout(() => this.connect(), wait);
    this.events.waiting(Date.now() + wait);
  }

  /** Moves to another connection after this wait, using this one until then. @param {number} ms */
  moveIn(ms) {
    clearTimeout(this.timers.move);
    this.timers.move = setTimeout(() => this.connect(), ms + Math.random() * BACKOFF_BASE_MS);
  }

  /** @param {boolean} visible only a page that somebody looks at checks its link */
  awake(visible) {
    this.visible = visible;
    if (!visible) return;
    if (this.timers.retry) this.hurry();
    else this.ping();
  }

  /** A link can be dead without anybody saying so; anything heard at all shows that it is not. */
  ping() {
    clearTimeout(this.timers.ping);
    clearTimeout(this.timers.pong);
    if (!this.open) return;
    this.timers.ping = setTimeout(() => this.ping(), PING_EVERY_MS);
    if (!this.visible) return;
    const asked = Date.now();
    this.send(`ping:${asked}`);
    this.timers.pong = setTimeout(() => {
      if (this.heardAt < asked) this.lost(CLOSE_MOVING);
    }, PING_PATIENCE_MS);
  }

  /** @param {string} frame @returns {boolean} whether there was a connection to send it on */
  send(frame) {
    if (!this.socket || !this.open) return false;
    this.socket.send(frame);
    return true;
  }

  /** Lets go of the socket without waiting for its goodbye. @param {number} code @param {number} [heard] the server's, if it closed */
  drop(code, heard = code) {
    const socket = this.socket;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.timers = {};
    this.openedAt = 0;
    this.socket = null;
    if (!socket) return;
    if (socket.readyState <= WebSocket.OPEN) socket.close(code);
    this.events.closed(heard);
  }
}
