// @ts-check
/**
 * What a message is, and what it is known by.
 *
 * @typedef {object} Message
 * @property {number} id       µs since the epoch: identity and order in one
 * @property {string} user
 * @property {string} [to]     absent in a public message
 * @property {string} text
 * @property {number} time     unix seconds
 * @property {number} [cursor] of a direct message: its place in the inbox
 * @property {string} [ref]    of the outbox entry that it was, if it was one of this page's
 */

/** The other person of a direct message, "" for a public one. @param {Message} message @param {string} me */
export function peerOf(message, me) {
  if (!message.to) return "";
  return message.user === me ? message.to : message.user;
}

/** An id is unique inside one log, and a conversation is two: the sender tells them apart. @param {Message} message */
export function keyOf(message) {
  return `${message.to === undefined ? "" : "@"}${message.id}:${message.user}`;
}

/** TEXT as the wire takes it: newlines, no other control characters, no half surrogates. @param {string} text */
export function clean(text) {
  return text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").replace(/[^\P{Cc}\n]|\p{Cs}/gu, "");
}
