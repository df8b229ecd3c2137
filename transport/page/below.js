// @ts-check
/** Says that something unread stands further down in a list that scrolls, and leads to it. */
export class Below {
  /** @param {HTMLElement} scroller @param {HTMLElement} button */
  constructor(scroller, button) {
    this.scroller = scroller;
    this.button = button;
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    button.addEventListener("click", () => {
      const found = this.find();
      found?.scrollIntoView({ block: "center" });
      found?.focus({ preventScroll: true });
      this.draw();
    });
  }

  draw() {
    this.button.hidden = !this.find();
  }

  /** @returns {HTMLElement | undefined} the first that is out of sight */
  find() {
    const edge = this.scroller.getBoundingClientRect().bottom;
    const unread = /** @type {HTMLElement[]} */ ([...this.scroller.querySelectorAll("button.unread")]);
    return unread.find((item) => item.getBoundingClientRect().top >= edge);
  }
}
