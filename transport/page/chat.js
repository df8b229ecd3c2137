// @ts-check
/**
 * A connection to a Parley server that survives what connections go through. No dependencies, no DOM.
 *
 *     import { Chat } from "./chat.js";
 *
 *     const chat = new Chat({ url: "wss://chat.example.org/ws" });
 *     chat.on("messages", ({ messages, room }) => messages.forEach((m) => show(m, room)));
 *     chat.on("outbox", () => showPending(chat.pending("")));
 *     chat.on("refused", ({ code, message }) => askForAnotherName(message));
 *     chat.on("lost", ({ name }) => askForAnotherName(`${name} is somebody else's now`));
 *     chat.start();
 *     chat.join("alice");
 *     chat.say("hello");                         // to everyone
 *     chat.tell("bob", "psst");                  // to bob alone
 *     chat.enter("Garden");
 *     chat.say("hello", { room: "Garden" });     // to who is there; it waits until this page is
 *
 * A place is "" (everyone), the name of a person, or `placeOfRoom(room)`; `placeOf` says where a message belongs. The
 * types, in a form for TypeScript, are in chat.d.ts.
 *
 * @typedef {"connecting" | "online" | "joined" | "offline" | "shut"} State online: not joined; shut: the server wants no reconnect
 *
 * @typedef {object} Options
 * @property {string | URL} url of the WebSocket
 * @property {Storage | null} [session] keeps name, rooms and outbox over a reload; default sessionStorage
 * @property {Storage | null} [local] keeps the tokens of names over a reload; default localStorage
 * @property {() => string} [token] gives a token for servers that ask for one
 * @property {boolean} [hold] asks the server after every join to hold the name for the token that is kept here (`hold:`). It may refuse, and nobody needs to know
 *
 * @typedef {object} Presence
 * @property {Set<string> | null} names null: only the number is known
 * @property {number} count
 *
 * @typedef {object} Events
 * @property {{state: State, retryAt?: number, code?: number | string}} state offline: retryAt says when it tries again; online with retryAt and code: joining was refused for now; shut: code
 * @property {{name: string}} joined the name as the server spells it
 * @property {{conversations: {peer: string, id: number}[]}} conversations newest first; after the direct messages of a join
 * @property {{code: string, message: string}} refused the name was not given
 * @property {{name: string, unsent: number}} lost the name is somebody else's now, and this page has none. What it said and is not acked (so many messages) has `failed`: retry() says it under the next name, and nothing else does
 * @property {{room: string, asked: string}} entered this connection is in the room; asked: as enter() spelled it. Also after every reconnect; its messages follow
 * @property {{room: string, reason: string, message: string}} exited this page is not in the room any more, or may not enter it: reason is "left", what the server said, or the code of an error with its message
 * @property {{messages: Message[], gap: boolean, live: boolean, direct: boolean, room?: string}} messages each message once, ever; of the inbox if direct, of a room if there is one. gap: older ones between these and what came before may be missing. live: not history. One's own carry the `ref` of their entry
 * @property {{}} outbox pending() or paced has changed
 * @property {{}} people people, count or who is in a room has changed
 *
 * @typedef {import("./message.js").Message} Message
 * @typedef {import("./outbox.js").Pending} Pending
 * @typedef {import("./pages.js").Page} Page
 * @typedef {import("./pages.js").RoomList} RoomList
 */
import { Dialogue } from "./dialogue.js";
import { clean, placeOfRoom } from "./message.js";
import { local, session } from "./storage.js";

export { clean, keyOf, placeOf, placeOfRoom, roomOf } from "./message.js";

export class Chat extends Dialogue {
  /** @param {Options} options */
  constructor({ url, session: kept = session, local: tokens = local, token, hold = false }) {
    super({ url, session: kept, local: tokens, token, hold });
  }

  /** The name as the server spells it, or what is asked for; "": none. @returns {string} */
  get name() {
    return this.claim.name;
  }

  /** Everybody who is connected; null: only the number is known. @returns {Set<string> | null} */
  get people() {
    return this.everyone.names;
  }

  /** How many are connected. @returns {number} */
  get count() {
    return this.everyone.count;
  }

  /** The server takes messages more slowly than they were said; they are sent in order, as it takes them. @returns {boolean} */
  get paced() {
    return this.sender.pace > 0;
  }

  /** The rooms that this page is in, or enters as soon as it can. @returns {string[]} */
  get inside() {
    return [...this.entered.all.values()].map((room) => room.name);
  }

  /**
   * The listener gets the detail.
   * @template {keyof Events} T
   * @param {T} type
   * @param {(detail: Events[T]) => void} listener
   * @returns {void}
   */
  on(type, listener) {
    this.target.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  /** Connects, and connects again after every loss. @returns {void} */
  start() {
    this.link.hurry();
  }

  /** Takes a name now, and again after every reconnect, until leave(). @param {string} name @returns {void} */
  join(name) {
    name = name.trim();
    const moved = this.feeds.inbox.cursor !== null && name !== this.name;
    this.claim.name = name;
    if (moved) {
      this.feeds.disown(); // of somebody else; the inbox' cursor is part of the connection's address
      this.link.connect();
    } else if (this.state === "online") {
      this.claim.ask();
    } else {
      this.link.hurry();
    }
  }

  /** Gives the name up, with all its rooms, and disconnects. @returns {void} */
  leave() {
    this.claim.giveUp();
    this.outbox.clear();
    this.feeds.leave();
    this.link.leave();
    this.entered.leave();
    this.setState("offline");
    this.emit("outbox", {});
  }

  /** Is in a room from now on, also after every reconnect and a reload, until exit(). @param {string} room @returns {void} */
  enter(room) {
    this.entered.enter(room.trim());
  }

  /** What was said there and is not acked has `failed` then. @param {string} room @returns {void} */
  exit(room) {
    this.entered.exit(room);
  }

  /** Who is in a room that this page is in; undefined: it is not, or not yet. @param {string} room @returns {Presence | undefined} */
  presence(room) {
    const found = this.entered.get(room);
    return found?.entered ? found.people : undefined;
  }

  /** A page of the rooms that there are, behind one of them; rejected like older(). @param {string} [after] @returns {Promise<RoomList>} */
  rooms(after = "") {
    return this.pages.rooms(after);
  }

  /** Says something to everyone, or in a room. @param {string} text @param {{room?: string}} [where] @returns {Pending} */
  say(text, { room } = {}) {
    return this.tell(room === undefined ? "" : placeOfRoom(this.entered.get(room)?.name ?? room), text);
  }

  /** Puts a message for a place into the outbox and returns its entry; it is sent when it can be. @param {string} place @param {string} text @returns {Pending} */
  tell(place, text) {
    const entry = this.outbox.add(this.name, place, clean(text));
    this.emit("outbox", {});
    this.sender.flush();
    return entry;
  }

  /** What is in the outbox for a place, oldest first. @param {string} place @returns {Pending[]} */
  pending(place) {
    return this.outbox.pending(place, this.name);
  }

  /** Sends an entry again that has `failed`. @param {string} ref @returns {void} */
  retry(ref) {
    if (!this.outbox.retry(ref, this.name)) return;
    this.emit("outbox", {});
    this.sender.flush();
  }

  /** Gives up an entry that has `failed`. @param {string} ref @returns {void} */
  discard(ref) {
    if (!this.outbox.get(ref)?.failed) return;
    this.outbox.remove(ref);
    this.emit("outbox", {});
  }

  /** The messages of a place before an id, or the newest; rejected with an error with `code` and, where asking again helps, `retryMs`. @param {string} place @param {number | null} before @returns {Promise<Page>} */
  older(place, before) {
    return this.pages.ask(place, before);
  }

  /** Connects at once instead of after the wait. @returns {void} */
  reconnect() {
    this.link.hurry();
  }

  /** Is told when the page is shown or hidden: only a visible page checks its link. @param {boolean} visible @returns {void} */
  awake(visible) {
    this.link.awake(visible);
  }
}
