// @ts-check
/** The link that opens a room, `/#room=NAME`, and why a room can't be opened. */

/** What a person can do about it, by error code; for others the server's own sentence stands. */
const REASONS = {
  bad_room: "No room can have this name, or it looks too much like another room’s. Choose another name.",
  forbidden: "You may not enter this room, or nobody may make one here.",
  too_many_rooms: "You are in as many rooms as you may be. Leave one first.",
  already_entered: "You are in this room already, under another spelling of its name.",
  kicked: "A moderator has sent you out of this room.",
  banned: "A moderator has banned you from this room.",
  gone: "This room is gone.",
};

/** @param {string} reason @param {string} message */
export function sentenceOf(reason, message) {
  return REASONS[/** @type {keyof typeof REASONS} */ (reason)] ?? message;
}

/** The room that the address names, or "". */
export function linkedRoom() {
  return new URLSearchParams(location.hash.slice(1)).get("room")?.trim() ?? "";
}

/** @param {string | undefined} room */
export function linkTo(room) {
  const url = new URL(location.href);
  url.hash = room === undefined ? "" : new URLSearchParams({ room }).toString();
  return room === undefined ? url.href.replace(/#$/u, "") : url.href;
}

/** Has the address name the room that is open, without a step in the history. @param {string | undefined} room */
export function showInAddress(room) {
  if (linkTo(room) !== location.href) history.replaceState(null, "", linkTo(room));
}
