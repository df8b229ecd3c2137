// The types of chat.js, made from its comments by `go test ./transport -run TestTypesOfChat -page.types`.

export type State = "connecting" | "online" | "joined" | "offline" | "shut";

export interface Options {
  /** of the WebSocket */
  url: string | URL;
  /** keeps name, rooms and outbox over a reload; default sessionStorage */
  session?: Storage | null;
  /** keeps the tokens of names over a reload; default localStorage */
  local?: Storage | null;
  /** gives a token for servers that ask for one */
  token?: () => string;
  /**
   * asks the server after every join to hold the name for the token that is kept here (`hold:`). It may refuse, and
   * nobody needs to know
   */
  hold?: boolean;
}

export interface Presence {
  /** null: only the number is known */
  names: Set<string> | null;
  count: number;
}

export interface Events {
  /**
   * offline: retryAt says when it tries again; online with retryAt and code: joining was refused for now; shut: code
   */
  state: {state: State, retryAt?: number, code?: number | string};
  /** the name as the server spells it */
  joined: {name: string};
  /** newest first; after the direct messages of a join */
  conversations: {conversations: {peer: string, id: number}[]};
  /** the name was not given */
  refused: {code: string, message: string};
  /**
   * the name is somebody else's now, and this page has none. What it said and is not acked (so many messages) has
   * `failed`: retry() says it under the next name, and nothing else does
   */
  lost: {name: string, unsent: number};
  /** this connection is in the room; asked: as enter() spelled it. Also after every reconnect; its messages follow */
  entered: {room: string, asked: string};
  /**
   * this page is not in the room any more, or may not enter it: reason is "left", what the server said, or the code of
   * an error with its message
   */
  exited: {room: string, reason: string, message: string};
  /**
   * each message once, ever; of the inbox if direct, of a room if there is one. gap: older ones between these and what
   * came before may be missing. live: not history. One's own carry the `ref` of their entry
   */
  messages: {messages: Message[], gap: boolean, live: boolean, direct: boolean, room?: string};
  /** pending() or paced has changed */
  outbox: {};
  /** people, count or who is in a room has changed */
  people: {};
}

export interface Message {
  /** µs since the epoch: identity and order in one */
  id: number;
  user: string;
  /** of a direct message: who it is for */
  to?: string;
  /** where it was said; neither this nor `to`: to everyone */
  room?: string;
  text: string;
  /** unix seconds */
  time: number;
  /** of a direct message: its place in the inbox */
  cursor?: number;
  /** of the outbox entry that it was, if it was one of this page's */
  ref?: string;
}

export interface Pending {
  /** the REF it is sent with, every time */
  ref: string;
  /** the name it was written under */
  from: string;
  /** the place where it is said */
  to: string;
  text: string;
  /** ms since the epoch when it was written */
  at: number;
  /** ms since the epoch when it was first sent; absent: never, or refused since */
  sentAt?: number;
  /** the feed's cursor when it was first sent; it can only come back after that */
  after?: number;
  /** id of the frame that is most likely this message; the ack decides */
  seen?: number;
  /** why it will not be sent again by itself */
  failed?: {code: string, message: string};
}

export interface Page {
  /** oldest first */
  messages: Message[];
  /** whether there are older ones */
  more: boolean;
}

export interface RoomList {
  /** by name */
  rooms: {room: string, members: number}[];
  /** whether there are further ones */
  more: boolean;
}

export class Chat {
  constructor(options: Options);
  /** The name as the server spells it, or what is asked for; "": none. */
  readonly name: string;
  /** Everybody who is connected; null: only the number is known. */
  readonly people: Set<string> | null;
  /** How many are connected. */
  readonly count: number;
  /** The server takes messages more slowly than they were said; they are sent in order, as it takes them. */
  readonly paced: boolean;
  /** The rooms that this page is in, or enters as soon as it can. */
  readonly inside: string[];
  /** The listener gets the detail. */
  on<T extends keyof Events>(type: T, listener: (detail: Events[T]) => void): void;
  /** Connects, and connects again after every loss. */
  start(): void;
  /** Takes a name now, and again after every reconnect, until leave(). */
  join(name: string): void;
  /** Gives the name up, with all its rooms, and disconnects. */
  leave(): void;
  /** Is in a room from now on, also after every reconnect and a reload, until exit(). */
  enter(room: string): void;
  /** What was said there and is not acked has `failed` then. */
  exit(room: string): void;
  /** Who is in a room that this page is in; undefined: it is not, or not yet. */
  presence(room: string): Presence | undefined;
  /** A page of the rooms that there are, behind one of them; rejected like older(). */
  rooms(after?: string): Promise<RoomList>;
  /** Says something to everyone, or in a room. */
  say(text: string, where?: {room?: string}): Pending;
  /** Puts a message for a place into the outbox and returns its entry; it is sent when it can be. */
  tell(place: string, text: string): Pending;
  /** What is in the outbox for a place, oldest first. */
  pending(place: string): Pending[];
  /** Sends an entry again that has `failed`. */
  retry(ref: string): void;
  /** Gives up an entry that has `failed`. */
  discard(ref: string): void;
  /**
   * The messages of a place before an id, or the newest; rejected with an error with `code` and, where asking again
   * helps, `retryMs`.
   */
  older(place: string, before: number | null): Promise<Page>;
  /** Connects at once instead of after the wait. */
  reconnect(): void;
  /** Is told when the page is shown or hidden: only a visible page checks its link. */
  awake(visible: boolean): void;
  readonly state: State;
}

/** Where a message was said, for somebody. */
export function placeOf(message: Message, me: string): string;

export function placeOfRoom(room: string): string;

/** The name of the room that a place is, or undefined. */
export function roomOf(place: string): string | undefined;

/** An id is unique inside one log, and a conversation is two: the sender tells them apart. */
export function keyOf(message: Message): string;

/** TEXT as the wire takes it: newlines, no other control characters, no half surrogates. */
export function clean(text: string): string;
