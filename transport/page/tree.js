// @ts-check
/**
 * The actors as a picture: the top supervisor, its children below it, and their children as named boxes while they
 * are few, as a grid of dots when they are many. Drawing again moves what is there, so that a change can be seen.
 *
 * @typedef {{name: string, kind: string, parent: string, restarts: number, mailbox: number, age_ms: number}} Actor
 * @typedef {{actor: Actor, x: number, y: number, w: number, h: number, shape: "box" | "chip" | "dot"}} Place
 */

const WIDTH = 960;
const BOX = { w: 132, h: 54 };
/** What a child takes at least, so that no two overlap. */
const LANE = BOX.w + 12;
const CHIP = { w: 104, h: 28, gap: 8 };
/** Above this many, children are dots. */
const CHIPS = 12;
const ROOT_Y = 14;
const CHILD_Y = 116;
const LEAF_Y = 214;
const MORE_H = 18;
/** A mailbox this long fills its bar. */
const FULL_MAILBOX = 50;

const kindOrder = ["bridge", "room", "rooms", "dms", "sessions"];

/**
 * Where everything goes; of those that are only counted, how many. Pure.
 * @param {Actor[]} actors @param {Record<string, number>} counts of the children of each
 */
export function layout(actors, counts) {
  /** @type {Place[]} */ const places = [];
  /** @type {{x1: number, y1: number, x2: number, y2: number, key: string}[]} */ const edges = [];
  const names = new Set(actors.map((a) => a.name));
  const roots = actors.filter((a) => !names.has(a.parent));
  const rank = (/** @type {Actor} */ a) => (kindOrder.indexOf(a.kind) + 1 || kindOrder.length + 1);
  const children = actors.filter((a) => roots.some((r) => r.name === a.parent)).sort((a, b) => rank(a) - rank(b));
  let height = LEAF_Y;
  /** @type {{x: number, y: number, count: number}[]} */ const more = [];

  roots.forEach((actor, i) => {
    places.push({ actor, x: (WIDTH * (i + 1)) / (roots.length + 1), y: ROOT_Y, ...BOX, shape: "box" });
  });
  const leaves = children.map((c) => actors.filter((a) => a.parent === c.name));
  const shares = leaves.map((l) => (l.length ? 1 + Math.min(1, l.length / 100) : 0));
  const total = shares.reduce((sum, s) => sum + s, 0);
  const rest = WIDTH - LANE * children.length;
  let left = total ? 0 : rest / 2;
  children.forEach((actor, i) => {
    const width = LANE + (total && (rest * shares[i]) / total);
    const x = left + width / 2;
    const root = /** @type {Place} */ (places.find((p) => p.actor.name === actor.parent));
    places.push({ actor, x, y: CHILD_Y, ...BOX, shape: "box" });
    edges.push({ key: actor.name, x1: root.x, y1: ROOT_Y + BOX.h, x2: x, y2: CHILD_Y });
    if (leaves[i].length) {
      let bottom = grid(leaves[i].sort(byName), left, width, places);
      edges.push({ key: actor.name + "/", x1: x, y1: CHILD_Y + BOX.h, x2: x, y2: LEAF_Y - 10 });
      const count = (counts[actor.name] ?? 0) - leaves[i].length;
      if (count > 0) more.push({ x, y: bottom += MORE_H, count });
      height = Math.max(height, bottom);
    }
    left += width;
  });
  return { places, edges, width: WIDTH, height: height + 16, more };
}

/** @param {Actor[]} leaves @param {number} left @param {number} width @param {Place[]} places @returns {number} the bottom */
function grid(leaves, left, width, places) {
  const chips = leaves.length <= CHIPS;
  const dot = leaves.length <= 60 ? 26 : leaves.length <= 200 ? 19 : 13;
  const cellW = chips ? CHIP.w + CHIP.gap : dot;
  const cellH = chips ? CHIP.h + CHIP.gap : dot;
  const columns = Math.max(1, Math.min(leaves.length, Math.floor((width - 20) / cellW)));
  const start = left + (width - columns * cellW) / 2;
  leaves.forEach((actor, i) => {
    const x = start + (i % columns) * cellW + cellW / 2;
    const y = LEAF_Y + Math.floor(i / columns) * cellH;
    places.push(chips ? { actor, x, y, w: CHIP.w, h: CHIP.h, shape: "chip" } : { actor, x, y, w: dot - 6, h: dot - 6, shape: "dot" });
  });
  return LEAF_Y + Math.ceil(leaves.length / columns) * cellH;
}

/** session-9 before session-10. @param {Actor} a @param {Actor} b */
const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });

export class Tree {
  /** @param {HTMLElement} place @param {(actor: Actor) => void} kill */
  constructor(place, kill) {
    this.kill = kill;
    this.svg = svg("svg", { role: "group", "aria-label": "Actors" });
    this.edges = svg("g", { class: "edges", "aria-hidden": "true" });
    this.nodes = svg("g", { class: "nodes" });
    this.svg.append(this.edges, this.nodes);
    place.append(this.svg);
    /** @type {Map<string, {element: SVGElement, shape: string, actor: Actor}>} */ this.known = new Map();
    this.empty = true;
  }

  /** @param {Actor[]} actors @param {Record<string, number>} counts */
  draw(actors, counts) {
    const { places, edges, width, height, more } = layout(actors, counts);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.edges.replaceChildren(...edges.map(curve));
    this.edges.append(...more.map(({ x, y, count }) =>
      svg("text", { x, y, class: "more", "text-anchor": "middle" }, `and ${count.toLocaleString()} more`)));
    for (const place of places) {
      const { actor } = place;
      const before = this.known.get(actor.name);
      const node = before?.shape === place.shape ? before : this.make(place);
      if (before && before !== node) before.element.remove();
      const anew = before ? actor.age_ms < before.actor.age_ms || actor.restarts > before.actor.restarts : !this.empty;
      node.actor = actor;
      show(node.element, place);
      if (anew) pulse(node.element);
    }
    const alive = new Set(places.map((p) => p.actor.name));
    for (const [name, { element }] of this.known) {
      if (alive.has(name)) continue;
      element.remove();
      this.known.delete(name);
    }
    this.empty = false;
    // One stop for Tab, however many actors; the arrow keys go on from there.
    const all = [...this.nodes.children];
    const stop = all.find((e) => e === document.activeElement) ?? all[0];
    for (const element of all) set(element, "tabindex", element === stop ? 0 : -1);
  }

  /** Shows that a kill is under way. @param {string} name */
  strike(name) {
    this.known.get(name)?.element.classList.add("struck");
  }

  /** @param {Place} place */
  make({ actor, shape, w, h }) {
    const element = svg("g", { class: `actor ${shape}`, tabindex: -1, role: "button", "data-actor": actor.name, "data-kind": actor.kind },
      svg("title"),
      svg("rect", { class: "body", x: -w / 2, width: w, height: h, rx: shape === "box" ? 14 : h / 2 }),
      shape !== "dot" && svg("text", { class: "name", y: shape === "box" ? 23 : 18, "text-anchor": "middle" }, short(actor.name, shape)),
      shape === "box" && svg("text", { class: "facts", y: 40, "text-anchor": "middle" }),
      shape === "dot" && svg("text", { class: "tally", y: h / 2 + 3.5, "text-anchor": "middle" }),
      svg("rect", { class: "mailbox", x: -w / 2 + 12, y: h - 5, height: 3, width: 0, rx: 1.5 }));
    const node = { element, shape, actor };
    element.addEventListener("click", () => this.kill(node.actor));
    element.addEventListener("keydown", (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      const step = { ArrowRight: "nextElementSibling", ArrowDown: "nextElementSibling", ArrowLeft: "previousElementSibling", ArrowUp: "previousElementSibling" }[key];
      if (step) /** @type {any} */ (element)[step]?.focus();
      else if (key === "Enter" || key === " ") this.kill(node.actor);
      else return;
      event.preventDefault();
    });
    this.nodes.append(element);
    this.known.set(actor.name, node);
    return node;
  }
}

/** @param {SVGElement} element @param {Place} place */
function show(element, { actor, x, y, w, shape }) {
  const { name, restarts, mailbox } = actor;
  set(element, "transform", `translate(${x} ${y})`);
  set(element, "aria-label", `Kill ${name}. Restarts: ${restarts}, queued: ${mailbox}`);
  element.classList.toggle("restarted", restarts > 0);
  element.classList.toggle("busy", mailbox > 0);
  text(element, "title", `${name}\n${restarts} restarts, ${mailbox} queued, up ${age(actor.age_ms)}`);
  text(element, ".facts", `↻ ${restarts}   ✉ ${mailbox}`);
  text(element, ".tally", restarts ? String(Math.min(restarts, 99)) : "");
  const bar = element.querySelector(".mailbox");
  if (bar) set(bar, "width", shape === "dot" ? 0 : Math.round((w - 24) * Math.min(1, mailbox / FULL_MAILBOX)));
}

/** @param {SVGElement} element */
function pulse(element) {
  element.classList.remove("struck", "healed");
  element.getBoundingClientRect(); // without it the browser would join the two changes, and nothing would move
  element.classList.add("healed");
}

/** @param {{x1: number, y1: number, x2: number, y2: number}} edge */
function curve({ x1, y1, x2, y2 }) {
  const middle = (y1 + y2) / 2;
  return svg("path", { d: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}` });
}

/** @param {string} name @param {string} shape */
function short(name, shape) {
  const limit = shape === "box" ? 16 : 12;
  const letters = [...name];
  return letters.length > limit ? letters.slice(0, limit - 1).join("") + "…" : name;
}

/** @param {number} ms */
export function age(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 3_600_000)} h`;
}

/** @param {Element} element @param {string} name @param {string | number} value */
function set(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** @param {Element} element @param {string} selector @param {string} value */
function text(element, selector, value) {
  const target = element.querySelector(selector);
  if (target && target.textContent !== value) target.textContent = value;
}

/** @param {string} tag @param {Record<string, string | number>} [attributes] @param {...(Node | string | false)} children */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return element;
}
