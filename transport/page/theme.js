// @ts-check
/** Light or dark: as the system says, until somebody chooses; the choice is remembered. */
import { local, save } from "./storage.js";

const KEY = "parley.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function current() {
  return local?.getItem(KEY) ?? (dark.matches ? "dark" : "light");
}

function apply() {
  document.documentElement.dataset.theme = current();
}

/** @param {HTMLElement} button */
export function themeToggle(button) {
  const show = () => {
    apply();
    button.setAttribute("aria-pressed", String(current() === "dark"));
  };
  button.addEventListener("click", () => {
    save(local, KEY, current() === "dark" ? "light" : "dark");
    show();
  });
  dark.addEventListener("change", show);
  show();
}

apply();
