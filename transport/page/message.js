// @ts-check
/**
 * What a message is, what it is known by, and where it was said: a place is "" (everyone), the name of a person, or
 * "/" and the name of a room; no name has a "/" in it.
 *
 * @typedef {object} Message
 * @property {number} id µs since the epoch: identity and order in one
 * @property {string} user
 * @property {string} [to] of a direct message: who it is for
 * @property {string} [room] where it was said; neither this nor `to`: to everyone
 * @property {string} text
 * @property {number} time unix seconds
 * @property {number} [cursor] of a direct message: its place in the inbox
 * @property {string} [ref] of the outbox entry that it was, if it was one of this page's
 */

const ROOM = "/";

/** Where a message was said, for somebody. @param {Message} message @param {string} me @returns {string} */
export function placeOf(message, me) {
  if (message.room !== undefined) return placeOfRoom(message.room);
  if (!message.to) return "";
  return message.user === me ? message.to : message.user;
}

/** @param {string} room @returns {string} */
export function placeOfRoom(room) {
  return ROOM + room;
}

/** The name of the room that a place is, or undefined. @param {string} place @returns {string | undefined} */
export function roomOf(place) {
  return place.startsWith(ROOM) ? place.slice(ROOM.length) : undefined;
}

/** Names that surely compare equal have one form; the server knows of more that do. @param {string} name @returns {string} */
export function fold(name) {
  return name.normalize("NFKC").trim().toLowerCase();
}

/** An id is unique inside one log, and a conversation is two: the sender tells them apart. @param {Message} message @returns {string} */
export function keyOf(message) {
  const log = message.room !== undefined ? `${placeOfRoom(message.room)}:` : message.to === undefined ? "" : "@";
  return `${log}${message.id}:${message.user}`;
}

/** TEXT as the wire takes it: newlines, no other control characters, no half surrogates. @param {string} text @returns {string} */
export function clean(text) {
  return text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").replace(/[^\P{Cc}\n]|\p{Cs}/gu, "");
}
