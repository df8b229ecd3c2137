// @ts-check
/** Watches the actors of a running server and kills them. */
import { byId, h } from "./dom.js";
import { save, session } from "./storage.js";
import { themeToggle } from "./theme.js";
import { Tree, age } from "./tree.js";

/** @typedef {import("./tree.js").Actor} Actor */
/** @typedef {{name: string, at: number, item: HTMLElement, result: HTMLElement}} Kill */

const TOKEN = "parley.chaos";
const LOOK_MS = 500;
/** While something heals, looks are this close together: nobody wants to miss it. */
const CLOSE_LOOK_MS = 100;
/** A panic waits for the actor's next message, so nothing may happen for long; after this the watch ends. */
const PATIENCE_MS = 30_000;
const KILLS_SHOWN = 60;
const KINDS = ["chat", "bridge", "room", "rooms", "dms", "dm", "sessions", "session"];
/** @type {Record<number, string>} */
const REFUSALS = {
  401: "That is not this server's token.",
  404: "This server runs without CHAOS_TOKEN.",
  429: "Too many wrong tokens came from here. Wait a minute.",
};
const COUNTERS = {
  messages_in: "Messages in", delivered: "Delivered", healed_holes: "Healed holes",
  lost: "Lost", connections: "Connections", restarts: "Restarts",
};

let token = session?.getItem(TOKEN) ?? "";
/** @type {Kill[]} */ let watched = [];
/** @type {ReturnType<typeof setTimeout>} */ let timer;
/** @type {{at: number, values: Record<string, number>} | null} */ let before = null;
const tiles = makeTiles();
const tree = new Tree(byId("tree"), (actor) => kill({ actor: actor.name }));

themeToggle(byId("theme"));
byId("random").append(...KINDS.map((kind) =>
  h("button", { type: "button", onclick: () => kill({ kind }) }, kind)));
byId("unlock").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  token = byId("token").value.trim();
  look();
});
document.addEventListener("visibilitychange", () => !document.hidden && token && look());
if (token) look();
else ask("");

/** Shows the door. @param {string} reason */
function ask(reason) {
  clearTimeout(timer);
  byId("stage").hidden = true;
  byId("gate").hidden = false;
  byId("token-error").textContent = reason;
  byId("token").setAttribute("aria-invalid", String(reason !== ""));
  byId("token").focus();
}

/** Looks at the server once, and again after a while. */
async function look() {
  clearTimeout(timer);
  try {
    const asked = performance.now();
    const also = new URLSearchParams(watched.map((k) => ["also", k.name]));
    const [seen, counters] = await Promise.all([call(`tree?${also}`), call("counters")]);
    // The answer was made at some moment in between.
    show(seen, counters, (asked + performance.now()) / 2);
  } catch (error) {
    const refusal = error instanceof Refusal && REFUSALS[error.status];
    if (refusal) {
      session?.removeItem(TOKEN);
      return ask(refusal);
    }
    byId("health").textContent = error instanceof Refusal ? error.message : "The server does not answer. Looking again…";
    byId("health").classList.add("bad");
  }
  if (!document.hidden) timer = setTimeout(look, watched.length ? CLOSE_LOOK_MS : LOOK_MS);
}

/**
 * @param {{actors: Actor[], children: Record<string, number>}} seen
 * @param {Record<string, number>} counters @param {number} at
 */
function show({ actors, children }, counters, at) {
  save(session, TOKEN, token);
  byId("gate").hidden = true;
  byId("stage").hidden = false;
  tree.draw(actors, children);
  showCounters(counters, at);
  judge(actors, at);
  const all = Object.values(children).reduce((sum, n) => sum + n, 0);
  byId("health").textContent = `${all.toLocaleString()} actors`;
  byId("health").classList.remove("bad");
}

/** @param {{actor?: string, kind?: string}} whom */
async function kill(whom) {
  const how = /** @type {HTMLInputElement} */ (document.querySelector("input[name=how]:checked")).value;
  const result = h("span", { class: "result" }, "…");
  const name = h("strong", {}, whom.actor ?? `a ${whom.kind}`);
  const item = h("li", {}, name, h("span", { class: "method" }, how), result);
  byId("kills").prepend(item);
  byId("kills-note").hidden = true;
  while (byId("kills").children.length > KILLS_SHOWN) byId("kills").lastElementChild.remove();
  if (whom.actor) tree.strike(whom.actor);
  const at = performance.now();
  try {
    const answer = await call(`kill?${new URLSearchParams({ ...whom, how })}`, "POST");
    const victim = nameIn(answer) ?? whom.actor ?? "";
    name.textContent = victim;
    tree.strike(victim);
    watched.push({ name: victim, at, item, result });
    look();
  } catch (error) {
    settle({ item, result }, "bad", error instanceof Refusal ? error.message : "no answer");
  }
}

/** Sees which of the killed are back. @param {Actor[]} actors @param {number} at */
function judge(actors, at) {
  watched = watched.filter((k) => {
    const actor = actors.find((a) => a.name === k.name);
    const passed = at - k.at;
    // Its age says to the millisecond when it started, however seldom this page looks.
    if (actor && actor.age_ms < passed) settle(k, "good", `healed in ${age(Math.max(0, passed - actor.age_ms))}`);
    else if (!actor && k.name.startsWith("session-") && passed > LOOK_MS) settle(k, "", "hung up");
    else if (passed > PATIENCE_MS) settle(k, "", actor ? "waits for its next message" : "not needed again");
    else return true;
    return false;
  });
}

/** @param {{item: HTMLElement, result: HTMLElement}} kill @param {string} mood @param {string} words */
function settle({ item, result }, mood, words) {
  result.textContent = words;
  if (mood) item.classList.add(mood);
}

/** @param {Record<string, number>} counters @param {number} at */
function showCounters(counters, at) {
  const seconds = before ? (at - before.at) / 1_000 : 0;
  const whole = seconds >= LOOK_MS / 1_000;
  for (const [key, { value, rate, tile }] of Object.entries(tiles)) {
    const now = counters[key] ?? 0;
    value.textContent = now.toLocaleString();
    if (key === "lost") tile.classList.toggle("bad", now > 0);
    if (key === "lost") rate.textContent = now > 0 ? "this must not be" : "as promised";
    else if (key === "connections") rate.textContent = "on this node";
    else if (before && whole) rate.textContent = `${Math.round((now - (before.values[key] ?? 0)) / seconds).toLocaleString()}/s`;
  }
  if (!before || whole) before = { at, values: counters };
}

function makeTiles() {
  /** @type {Record<string, {tile: HTMLElement, value: HTMLElement, rate: HTMLElement}>} */ const made = {};
  for (const [key, label] of Object.entries(COUNTERS)) {
    const value = h("dd", { class: "value" }, "0");
    const rate = h("dd", { class: "rate" }, "\u00a0");
    const tile = h("div", { class: `tile ${key}` }, h("dt", {}, label), value, rate);
    made[key] = { tile, value, rate };
    byId("counters").append(tile);
  }
  return made;
}

class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message || `status ${status}`);
    this.status = status;
  }
}

/** @param {string} what @param {string} [method] @returns {Promise<any>} */
async function call(what, method = "GET") {
  const response = await fetch(`chaos/${what}`, { method, headers: { Authorization: `Bearer ${token}` }, cache: "no-store" });
  const body = await response.text();
  if (!response.ok) throw new Refusal(response.status, body.trim());
  try {
    return JSON.parse(body);
  } catch {
    return body.trim();
  }
}

/** The name in the answer to a kill. @param {any} answer @returns {string | undefined} */
function nameIn(answer) {
  if (typeof answer === "string") return answer || undefined;
  return answer?.name ?? answer?.actor;
}
