// @ts-check
/** What goes on between this page and the server, whoever asks for it: the parts of a Chat, and what each frame is for. */
import { CLOSE_NAME_LOST, Claim } from "./claim.js";
import { Feeds } from "./feeds.js";
import { Link } from "./link.js";
import { placeOfRoom, roomOf } from "./message.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { People } from "./people.js";
import { Rooms } from "./rooms.js";
import { Sender } from "./sender.js";

const LEFT = "You have left this room.";

export class Dialogue {
  /** @param {{url: string | URL, session: Storage | null, local: Storage | null, token?: () => string, hold: boolean}} options */
  constructor({ url, session, local, token, hold }) {
    this.url = new URL(url);
    this.token = token;
    /** @type {import("./chat.js").State} */ this.state = "offline";
    this.everyone = new People();
    this.target = new EventTarget();
    this.outbox = new Outbox(session, "parley.outbox");
    this.feeds = new Feeds(this.outbox, (type, detail) => this.emit(type, detail));
    this.entered = new Rooms(session, {
      send: (frame) => this.link.send(frame),
      cursor: (room) => this.feeds.rooms.get(room)?.cursor ?? null,
      entered: (asked, frame) => this.onEntered(asked, frame),
      exited: (room, reason, message) => this.onExited(room, reason, message),
    });
    this.sender = new Sender(this.outbox, {
      send: (frame) => void this.link.send(frame),
      cursor: ({ to }) => this.feeds.of(to).cursor ?? 0,
      whole: ({ to }) => this.feeds.of(to).whole,
      open: (place) => this.isOpen(place),
      changed: () => this.emit("outbox", {}),
    });
    this.pages = new Pages((frame) => this.link.send(frame));
    this.claim = new Claim(session, local, hold, {
      send: (frame) => void this.link.send(frame),
      waits: (retryAt, code) => this.setState("online", { retryAt, code }),
      refused: (code, message) => this.emit("refused", { code, message }),
      lost: (name) => this.onLost(name),
    });
    this.link = new Link({
      url: () => this.address(),
      connecting: () => this.setState("connecting"),
      opened: () => this.onOpened(),
      heard: (text) => this.hear(text),
      closed: (code) => this.onClosed(code),
      waiting: (retryAt) => this.setState("offline", { retryAt }),
      shut: (code) => this.setState("shut", { code }),
    });
  }

  address() {
    const { public: { cursor: since }, inbox: { cursor: dmsince } } = this.feeds;
    const url = new URL(this.url);
    url.protocol = url.protocol.replace("http", "ws");
    for (const [name, value] of Object.entries({ since, dmsince, token: this.token?.() })) {
      if (value != null) url.searchParams.set(name, String(value));
    }
    return url;
  }

  /** Whether anything may be said in a place now. @param {string} place */
  isOpen(place) {
    const room = roomOf(place);
    return room === undefined || Boolean(this.entered.get(room)?.entered);
  }

  onOpened() {
    this.setState("online");
    if (this.claim.name) this.claim.ask();
  }

  /** @param {number} code */
  onClosed(code) {
    this.claim.stop();
    this.entered.stop();
    this.sender.stop();
    this.pages.stop();
    if (code === CLOSE_NAME_LOST) this.claim.lose();
  }

  /** Whatever was this page's under the name ends here. @param {string} name */
  onLost(name) {
    const resumed = this.feeds.inbox.cursor !== null;
    this.feeds.disown();
    this.entered.leave(); // the next name has its own
    const unsent = this.outbox.disown(name);
    this.emit("outbox", {});
    this.emit("lost", { name, unsent });
    if (resumed && this.link.open) this.link.connect(); // the cursor is part of the connection's address
  }

  /** @param {string} data */
  hear(data) {
    if (!data.startsWith("{")) return; // "Welcome NAME!" is for people; `joined` follows
    const frame = JSON.parse(data);
    switch (frame.type) {
      case "init": return this.onInit(frame);
      case "joined": return this.onJoined(frame);
      case "entered": return this.entered.told(frame);
      case "exited": return this.entered.ended(frame);
      case "msg": return this.onMessage(frame);
      case "dm": return this.feeds.hear(this.feeds.inbox, [frame], this.claim.name);
      case "ack": return this.onAck(frame);
      case "error": return this.onError(frame);
      case "history":
      case "rooms": return this.pages.told(frame);
      case "members":
      case "member_add":
      case "member_remove": return this.onPresence(frame);
      case "drain": return this.link.moveIn(frame.after_ms);
    }
  }

  /** @param {any} frame */
  onInit(frame) {
    this.onPresence(frame);
    this.feeds.begin("", frame, this.claim.name);
  }

  /** @param {any} frame */
  onJoined({ name, token, dms, cursor, conversations, rooms, truncated }) {
    const feed = this.feeds.inbox;
    this.claim.given(name, token);
    const fresh = feed.begin(truncated);
    this.setState("joined");
    this.emit("joined", { name });
    this.feeds.hear(feed, dms, name, { gap: truncated });
    this.emit("conversations", { conversations: conversations ?? [] });
    if (fresh) feed.advance(cursor ?? 0);
    this.entered.start(rooms ?? []);
    this.sender.start(name);
  }

  /** @param {string} asked @param {any} frame */
  onEntered(asked, frame) {
    const { room } = frame;
    if (asked !== room) this.feeds.exit(asked);
    this.outbox.respell(room);
    this.emit("entered", { room, asked });
    this.emit("people", {});
    this.feeds.begin(placeOfRoom(room), frame, this.claim.name);
    this.sender.flush();
  }

  /** @param {string} room @param {string} reason @param {string} message */
  onExited(room, reason, message) {
    this.feeds.exit(room);
    this.outbox.fail(placeOfRoom(room), reason, message || LEFT);
    this.emit("outbox", {});
    this.emit("exited", { room, reason, message });
  }

  /** @param {import("./message.js").Message} message */
  onMessage(message) {
    const { room } = message;
    if (room !== undefined && !this.entered.get(room)?.entered) return; // of a room that was left, on its way here
    this.feeds.hear(this.feeds.of(room === undefined ? "" : placeOfRoom(room)), [message], this.claim.name);
  }

  /** @param {{ref: string, id: number}} frame */
  onAck({ ref, id }) {
    const stored = this.feeds.acked(ref, id);
    this.sender.acked(ref);
    if (stored) this.emit("outbox", {});
  }

  /** @param {{code: string, message: string, ref?: string, retry_ms?: number}} frame */
  onError(frame) {
    const ref = frame.ref ?? "";
    if (ref && ref === this.claim.ref) return this.claim.refuse(frame);
    if (this.entered.refuse(ref, frame) || this.pages.refuse(ref, frame)) return;
    const entry = this.outbox.get(ref);
    if (!entry) return this.sender.acked(ref); // of a hold, or of what was settled or given up meanwhile
    if (frame.code === "not_joined") return this.link.lost(0);
    if (frame.code === "not_entered" && this.entered.again(roomOf(entry.to) ?? "")) return this.sender.postpone(entry);
    this.sender.refused(entry, frame);
  }

  /** @param {any} frame */
  onPresence(frame) {
    const people = frame.room === undefined ? this.everyone : this.entered.get(frame.room)?.people;
    if (frame.member_count === undefined) people?.changed(frame);
    else people?.listed(frame);
    this.emit("people", {});
  }

  /** @param {import("./chat.js").State} state @param {object} [more] */
  setState(state, more = {}) {
    this.state = state;
    this.emit("state", { state, ...more });
  }

  /** @param {string} type @param {object} detail */
  emit(type, detail) {
    this.target.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
