// @ts-check
/**
 * On narrow screens the panels at the sides are drawers: one at a time, Esc or a tap beside it closes it, and the
 * focus goes back to where it came from. On wide screens the style sheet shows them anyway, and nothing here is felt.
 * @param {Record<string, HTMLElement>} panels @param {Record<string, HTMLElement>} buttons @param {HTMLElement} backdrop
 */
export function drawers(panels, buttons, backdrop) {
  /** @type {string | null} */
  let open = null;

  /** @param {string | null} name */
  function set(name) {
    open = name;
    backdrop.hidden = name === null;
    for (const [key, panel] of Object.entries(panels)) {
      panel.classList.toggle("open", key === name);
      buttons[key].setAttribute("aria-expanded", String(key === name));
    }
  }

  function close() {
    if (open === null) return;
    const button = buttons[open];
    const inside = panels[open].contains(document.activeElement);
    set(null);
    if (inside) button.focus();
  }

  for (const [key, button] of Object.entries(buttons)) {
    button.addEventListener("click", () => {
      set(key);
      const focusable = panels[key].querySelector('.items [tabindex="0"]') ?? panels[key].querySelector("button");
      /** @type {HTMLElement | null} */ (focusable)?.focus();
    });
  }
  backdrop.addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  return { close };
}
