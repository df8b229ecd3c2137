// @ts-check
/** The tab's and the browser's storage, or null: where cookies are forbidden even looking at one throws. */
export const session = find("sessionStorage");
export const local = find("localStorage");

/** Keeps a value; a full or forbidden storage loses it without stopping anything. @param {Storage | null} where @param {string} key @param {string} value */
export function save(where, key, value) {
  try {
    where?.setItem(key, value);
  } catch {
    // What is kept here is a convenience: the page works on without it.
  }
}

/** Reads JSON, or gives the fallback. @template T @param {Storage | null} where @param {string} key @param {T} fallback @returns {T} */
export function load(where, key, fallback) {
  try {
    return JSON.parse(where?.getItem(key) ?? "null") ?? fallback;
  } catch {
    return fallback;
  }
}

/** @param {"sessionStorage" | "localStorage"} kind */
function find(kind) {
  try {
    return globalThis[kind] ?? null;
  } catch {
    return null;
  }
}
