// Whether the person can have seen the screen before pressing something on it. Everywhere it must
// have been up for a while. One engine also tells whether something lies over it or makes it
// see-through (Intersection Observer v2); there, time counts only while nothing does.

/** Whether this engine tells. */
const TELLS_COVER =
  'trackVisibility' in IntersectionObserver.prototype &&
  'isVisible' in IntersectionObserverEntry.prototype;

const sight = {
  /** Nothing is known to cover the screen. */
  clear: !TELLS_COVER,
  /** Whether the screen has been up, and clear, for long enough. */
  seen: false,
  /** Makes it so. @type {ReturnType<typeof setTimeout> | undefined} */
  display: undefined,
  /** Says what is wrong. @type {ReturnType<typeof setTimeout> | undefined} */
  notice: undefined,
  /** @type {IntersectionObserver | null} */
  observer: null,
};

/**
 * Watches what covers a new screen. All of the card counts, not just its buttons: what is asked
 * must be readable, too.
 * @param {HTMLElement} card
 */
function watchSight(card) {
  loseSight();
  if (!TELLS_COVER) return;
  sight.clear = false;
  const options = { trackVisibility: true, delay: 100 };
  sight.observer = new IntersectionObserver((entries) => {
    const { isVisible } = /** @type {{ isVisible?: boolean }} */ (entries[entries.length - 1]);
    if (isVisible !== sight.clear) onCover(isVisible === true);
  }, /** @type {IntersectionObserverInit} */ (options));
  sight.observer.observe(card);
  onCover(false);
}

/** Ends the watch of the screen before. */
function loseSight() {
  sight.observer?.disconnect();
  sight.observer = null;
  clearTimeout(sight.notice);
}

/** @param {boolean} clear */
function onCover(clear) {
  sight.clear = clear;
  clearTimeout(sight.notice);
  const status = ui.screen?.status;
  if (clear && status?.textContent === TEXT.covered) status.textContent = '';
  if (!clear && status) {
    sight.notice = setTimeout(() => {
      status.textContent = TEXT.covered;
    }, COVERED_AFTER_MS);
  }
  startDisplay();
}

/**
 * Starts the time a screen must have been up; the buttons open when it is over. The timer alone
 * says when: a clock that the engine rounds may not have come as far yet.
 */
function startDisplay() {
  clearTimeout(sight.display);
  sight.seen = false;
  if (sight.clear) {
    sight.display = setTimeout(() => {
      sight.seen = true;
      openButtons();
    }, MIN_DISPLAY_MS);
  }
  openButtons();
}

/** Whether the screen was seen and waits for the person. @returns {boolean} */
function mayPress() {
  return document.visibilityState === 'visible' && sight.seen && !ui.busy;
}
