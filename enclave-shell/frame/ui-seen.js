// Whether the person can have seen the screen before pressing something on it. Everywhere it must
// have been up for a while. One engine also tells whether something lies over it or makes it
// see-through (Intersection Observer v2); there, time counts only while nothing does. Where much is
// to be read, a page that keeps most of the frame out of view is told of in every engine.

/** Whether this engine tells. */
const TELLS_COVER =
  'trackVisibility' in IntersectionObserver.prototype &&
  'isVisible' in IntersectionObserverEntry.prototype;

const sight = {
  /** Nothing is known to cover the screen. */
  clear: !TELLS_COVER,
  /** The frame is in view, where the screen has to be read. */
  whole: true,
  /** Whether the screen has been up, and clear, for long enough. */
  seen: false,
  /** Makes it so. @type {ReturnType<typeof setTimeout> | undefined} */
  display: undefined,
  /** Says what is wrong. @type {ReturnType<typeof setTimeout> | undefined} */
  notice: undefined,
  /** @type {IntersectionObserver[]} */
  observers: [],
};

/**
 * Watches what keeps a new screen from being seen.
 * @param {Screen_} screen
 */
function watchSight({ card, reading }) {
  loseSight();
  if (TELLS_COVER) watchCover(card);
  if (reading) watchCrop();
  onSight({ clear: !TELLS_COVER, whole: !reading });
}

/**
 * All of the card counts, not just its buttons: what is asked must be readable, too.
 * @param {HTMLElement} card
 */
function watchCover(card) {
  const options = { trackVisibility: true, delay: 100 };
  const observer = new IntersectionObserver((entries) => {
    const { isVisible } = /** @type {{ isVisible?: boolean }} */ (entries[entries.length - 1]);
    if (isVisible !== sight.clear) onSight({ clear: isVisible === true });
  }, /** @type {IntersectionObserverInit} */ (options));
  observer.observe(card);
  sight.observers.push(observer);
}

/** A page could show no more of the frame than its button. */
function watchCrop() {
  const extent = make('div', { class: 'extent' });
  document.body.append(extent);
  const observer = new IntersectionObserver(
    (entries) => {
      const whole = (entries[entries.length - 1]?.intersectionRatio ?? 0) >= IN_VIEW;
      if (whole !== sight.whole) onSight({ whole });
    },
    { threshold: [0, IN_VIEW, 1] },
  );
  observer.observe(extent);
  sight.observers.push(observer);
}

/** Ends the watch of the screen before. */
function loseSight() {
  for (const observer of sight.observers.splice(0)) observer.disconnect();
  clearTimeout(sight.notice);
}

/** @param {{ clear?: boolean, whole?: boolean }} change */
function onSight(change) {
  Object.assign(sight, change);
  clearTimeout(sight.notice);
  const status = ui.screen?.status;
  const free = sight.clear && sight.whole;
  if (free && status?.textContent === TEXT.covered) status.textContent = '';
  if (!free && status) {
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
  if (sight.clear && sight.whole) {
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
