// @ts-check
/**
 * Makes an element. Children are text or nodes, never HTML; falsy ones are left out.
 * @param {string} tag @param {Record<string, string | boolean | EventListener | undefined>} [attributes] `onclick` etc. take functions
 * @param {...(Node | string | false | null | undefined)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return element;
}

/** @param {string} id @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/** A name set apart, so that its direction of writing stays its own. @param {string} name */
export function nameOf(name) {
  return h("bdi", {}, name);
}

const HUES = 12;

/** A coloured circle with initials: the same for a name everywhere. @param {string} name */
export function avatar(name) {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + /** @type {number} */ (char.codePointAt(0))) >>> 0;
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const initials = words.slice(0, 2).map((word) => graphemes(word, 1)).join("");
  return h("span", { class: `avatar hue-${hash % HUES}`, "aria-hidden": "true" }, initials.toUpperCase());
}

/** The first letters as people count them, since an emoji or an accent may be several code points. @param {string} text @param {number} count */
function graphemes(text, count) {
  if (!Intl.Segmenter) return [...text].slice(0, count).join("");
  return [...new Intl.Segmenter().segment(text)].slice(0, count).map((s) => s.segment).join("");
}

/**
 * Arrow keys, Home and End move through the buttons of a list; Tab stops at it once.
 * @param {HTMLElement} list
 */
export function rove(list) {
  const items = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button")]);
  list.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, to))]?.focus();
  });
  list.addEventListener("focusin", (event) => {
    for (const item of items()) item.tabIndex = item === event.target ? 0 : -1;
  });
}

/** After a list was drawn anew: one item has to be reachable by Tab. @param {HTMLElement} list @param {HTMLElement | null} preferred */
export function settleRoving(list, preferred) {
  const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button")]);
  const target = items.find((i) => i === document.activeElement) ?? preferred ?? items[0];
  for (const item of items) item.tabIndex = item === target ? 0 : -1;
}
