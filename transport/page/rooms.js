// @ts-check
/**
 * The rooms of this page: entered on every connection, until they are left, or may not be entered.
 *
 * @typedef {object} Acts
 * @property {(frame: string) => boolean} send  whether there was a connection to send it on
 * @property {(room: string) => number | null} cursor  how far the room was told; null: not at all
 * @property {(asked: string, frame: any) => void} entered
 * @property {(room: string, reason: string, message: string) => void} exited
 */
import { fold } from "./message.js";
import { newRef } from "./outbox.js";
import { People } from "./people.js";
import { isRetryable, retryWait } from "./retry.js";
import { load, save } from "./storage.js";

const KEPT_AS = "parley.rooms";

export class Room {
  /** @param {string} name */
  constructor(name) {
    /** What is asked for, and then the room as the server spells it. */ this.name = name;
    /** Whether this connection is in it. */ this.entered = false;
    /** Of the enter that is under way. */ this.ref = "";
    this.people = new People();
  }
}

export class Rooms {
  /** @param {Storage | null} session keeps the rooms over a reload @param {Acts} acts */
  constructor(session, acts) {
    this.session = session;
    this.acts = acts;
    /** @type {string[] | null} */ const kept = load(session, KEPT_AS, null);
    /** Whether this page has its rooms already, if only none any more, and needs not be told where the name was. */ this.known = kept !== null;
    /** @type {Map<string, Room>} by the form of the name */
    this.all = new Map((kept ?? []).map((name) => [fold(name), new Room(name)]));
    this.joined = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */ this.timer = undefined;
  }

  /** @param {string} name @returns {Room | undefined} */
  get(name) {
    return this.all.get(fold(name));
  }

  /** This connection has a name. @param {{room: string}[]} last where this name was last, maybe on another device */
  start(last) {
    this.joined = true;
    if (!this.known) for (const { room } of last) if (!this.get(room)) this.all.set(fold(room), new Room(room));
    this.known = true;
    this.save();
    this.flush();
  }

  /** The connection is over, and with it what was asked. */
  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.joined = false;
    for (const room of this.all.values()) this.forget(room);
  }

  /** Nobody is in any room any more. */
  leave() {
    this.stop();
    this.all.clear();
    this.session?.removeItem(KEPT_AS);
    this.known = false;
  }

  /** @param {string} name */
  enter(name) {
    if (this.get(name)) return;
    this.all.set(fold(name), new Room(name));
    this.save();
    this.flush();
  }

  /** @param {string} name */
  exit(name) {
    const room = this.get(name);
    if (!room) return;
    if (room.entered || room.ref) this.acts.send(`exit#${newRef()}:${room.name}`);
    this.drop(room, "left", "");
  }

  /** Asks for all that are not entered yet, unless the server wants us to wait. */
  flush() {
    if (!this.joined || this.timer) return;
    for (const room of this.all.values()) {
      if (room.entered || room.ref) continue;
      room.ref = newRef();
      const cursor = this.acts.cursor(room.name);
      this.acts.send(`enter#${room.ref}:${room.name}${cursor === null ? "" : `:${cursor}`}`);
    }
  }

  /** @param {any} frame */
  told(frame) {
    const room = this.asked(frame.ref);
    if (!room) return; // it was left meanwhile
    const asked = room.name;
    this.all.delete(fold(asked));
    this.all.set(fold(frame.room), room);
    room.name = frame.room;
    room.ref = "";
    room.entered = true;
    room.people.listed(frame);
    this.save();
    this.acts.entered(asked, frame);
  }

  /** The server has ended it. @param {{room: string, reason: string}} frame */
  ended({ room: name, reason }) {
    const room = this.get(name);
    if (room?.entered) this.drop(room, reason, ""); // else it was left here before, and maybe entered again
  }

  /** False: no enter is under way by this ref. @param {string} ref @param {{code: string, message: string, retry_ms?: number}} error */
  refuse(ref, { code, message, retry_ms }) {
    const room = this.asked(ref);
    if (!room) return false;
    this.forget(room);
    if (!isRetryable(code)) this.drop(room, code, message);
    else if (!this.timer) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.flush();
      }, retryWait(retry_ms));
    }
    return true;
  }

  /** The server says that this connection is not in it: it is entered again. False: nobody wants to be. @param {string} name */
  again(name) {
    const room = this.get(name);
    if (!room) return false;
    if (room.entered) this.forget(room);
    this.flush();
    return true;
  }

  /** @param {Room} room */
  forget(room) {
    room.ref = "";
    room.entered = false;
  }

  /** @param {Room} room @param {string} reason @param {string} message */
  drop(room, reason, message) {
    this.all.delete(fold(room.name));
    this.save();
    this.acts.exited(room.name, reason, message);
  }

  /** @param {string} ref */
  asked(ref) {
    return ref ? [...this.all.values()].find((room) => room.ref === ref) : undefined;
  }

  save() {
    save(this.session, KEPT_AS, JSON.stringify([...this.all.values()].map((room) => room.name)));
  }
}
