// @ts-check
/** Bare http and https addresses; everything else in a message stays text. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"`\u{202a}-\u{202e}\u{2066}-\u{2069}]+/giu;

/** What stands before an @ is no host, though it may look like one; browsers read any slashes as two. */
const NAMES_A_USER = /^https?:[/\\]*[^/\\?#]*@/iu;

/**
 * Turns text into nodes: text nodes, and links for addresses.
 * @param {string} text @returns {(string | HTMLAnchorElement)[]}
 */
export function linkify(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimEnd(match[0]);
    if (!isWeb(address) || NAMES_A_USER.test(address)) continue;
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push(link(address));
    from = match.index + address.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** Punctuation after an address belongs to the sentence, and so does a bracket that it did not open. @param {string} address */
function trimEnd(address) {
  for (;;) {
    const last = address.at(-1) ?? "";
    const unopened = last === ")" && address.split("(").length < address.split(")").length;
    if (!unopened && !/[.,;:!?'*_\]}…。、]/u.test(last)) return address;
    address = address.slice(0, -1);
  }
}

/** @param {string} address */
function isWeb(address) {
  const url = URL.parse?.(address) ?? tryParse(address);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "";
}

/** URL.parse is younger than some browsers in use. @param {string} address */
function tryParse(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/** @param {string} address */
function link(address) {
  const a = document.createElement("a");
  a.href = address;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow";
  a.textContent = address;
  return a;
}
