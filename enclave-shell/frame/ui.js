// Shows the screens and takes what the person does. What is secret is held only while it is
// typed: on submit it is read once, encoded, cleared from the fields and transferred.

const ui = {
  /** What the enclave asked for last. @type {Show | null} */
  view: null,
  /** @type {Screen_ | null} */
  screen: null,
  /** Where the answers go; nowhere before the enclave runs. @type {(answer: UiAnswer) => void} */
  answer() {},
  busy: false,
  /** End of the back-off, on the clock of `performance.now`. */
  waitUntil: 0,
  /** @type {ReturnType<typeof setInterval> | undefined} */
  ticker: undefined,
  /** Asks for the strength of what is typed. @type {ReturnType<typeof setTimeout> | undefined} */
  estimate: undefined,
  /** Ends the browser's passkey prompt with the screen. @type {AbortController | null} */
  ceremony: null,
};

/** Screens that stay as they are when an answer was wrong; the others are drawn again. */
const KEPT = [
  'setup',
  'unlock',
  'add_passphrase',
  'add_passkey',
  'backup',
  'restore',
  'reset',
  'lease',
  'approve',
];

/**
 * @param {HTMLElement} card
 * @param {string} name
 */
function place(card, name) {
  clearInterval(ui.ticker);
  document.body.replaceChildren(card, footer());
  document.documentElement.dataset.screen = name;
}

/** Lets go of the screen and of all that was typed or begun on it. */
function leave() {
  clearFields();
  ui.ceremony?.abort();
  ui.ceremony = null;
  loseSight();
  ui.screen?.forget();
  dropLog();
  ui.screen = null;
  ui.busy = false;
}

function showIdle() {
  leave();
  ui.view = null;
  place(
    idleCard(() => ui.answer({ ui: 'lock' })),
    'idle',
  );
}

/** @param {Refusal} refusal */
function showFault(refusal) {
  leave();
  ui.view = null;
  ui.answer = () => {};
  place(faultCard(refusal), 'fault');
}

/**
 * Shows a screen, or the same one again with what went wrong.
 * @param {Show} request
 */
function showScreen(request) {
  const same = ui.screen?.name === request.screen && request.problem;
  ui.view = request;
  if (same && KEPT.includes(request.screen)) showAgain();
  else openScreen(screenOf(request));
  const screen = /** @type {Screen_ | null} */ (ui.screen);
  if (screen === null) return;
  const problem = request.problem ? textOf(TEXT.problem, request.problem) : '';
  waitFor(screen, problem, request.retryAfterMs ?? 0);
}

function showAgain() {
  setBusy(false);
  startDisplay();
  focusScreen();
}

/**
 * Puts a screen, or another part of one, in place of what is there.
 * @param {Screen_} screen
 */
function openScreen(screen) {
  leave();
  ui.screen = screen;
  ui.waitUntil = 0;
  place(screen.card, screen.name);
  document.documentElement.scrollTop = 0;
  screen.refresh();
  setBusy(false);
  watchSight(screen);
  focusScreen();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const screen = ui.screen;
  if (screen === null || !event.isTrusted || event.isComposing) return;
  if (event.key === 'Enter' && event.repeat) {
    // Held down it is still one press, and that may have been for what was there before.
    event.preventDefault();
    return;
  }
  const at = screen.fields.findIndex((field) => field === event.target);
  if (event.key === 'Escape') cancel();
  // By its place, too: WebKitGTK has no name for the key while Shift is held.
  else if (event.key === 'Tab' || event.code === 'Tab') keepInside(screen, event);
  else if (event.key === 'Enter' && at >= 0) {
    event.preventDefault();
    const next = screen.fields[at + 1];
    if (next && next.value === '' && next.checkVisibility()) next.focus();
    else submit();
  }
  if (at >= 0 && !ui.busy) {
    screen.status.textContent = event.getModifierState('CapsLock') ? TEXT.capsLock : '';
  }
}

/**
 * Tab goes round inside the screen.
 * @param {Screen_} screen
 * @param {KeyboardEvent} event
 */
function keepInside(screen, event) {
  /** @type {NodeListOf<HTMLElement>} */
  const all = screen.card.querySelectorAll('input, textarea, select, button, a[href]');
  const stops = [...all].filter((stop) => !stop.matches(':disabled') && stop.checkVisibility());
  const ends = [stops[0], stops[stops.length - 1]];
  const [to, from] = event.shiftKey ? ends.reverse() : ends;
  const active = document.activeElement;
  const outside = !screen.card.contains(active) || (event.shiftKey && active === screen.first);
  if (to && (active === from || (outside && !stops.includes(screen.first)))) {
    event.preventDefault();
    to.focus();
  }
}

/** Whether, besides, no back-off keeps the input from being sent. @returns {boolean} */
function mayAnswer() {
  return mayPress() && performance.now() >= ui.waitUntil;
}

function openButtons() {
  if (ui.screen === null) return;
  const { submit, card, ready } = ui.screen;
  if (submit !== null) submit.disabled = !mayAnswer() || !ready();
  // These stay open during a back-off: another way to unlock has one of its own.
  /** @type {NodeListOf<HTMLButtonElement | HTMLSelectElement>} */
  const others = card.querySelectorAll('[data-press]');
  for (const other of others) other.disabled = !mayPress();
}

/**
 * Says what went wrong and, where the enclave asks for it, counts the waiting time down.
 * @param {Screen_} screen
 * @param {string} problem
 * @param {number} milliseconds
 */
function waitFor(screen, problem, milliseconds) {
  clearInterval(ui.ticker);
  ui.waitUntil = milliseconds > 0 ? performance.now() + milliseconds : 0;
  screen.problem.textContent = problem;
  if (milliseconds <= 0) return;
  // The alert is spoken once; the running count is for the eye only.
  const count = make('span', { 'aria-hidden': 'true' });
  screen.problem.append(' ', count);
  const tick = () => {
    const left = Math.ceil((ui.waitUntil - performance.now()) / 1000);
    count.textContent = left > 0 ? TEXT.tryIn(inWords(left)) : '';
    if (left > 0) return;
    clearInterval(ui.ticker);
    ui.waitUntil = 0;
    screen.problem.textContent = '';
    screen.status.textContent = TEXT.retry;
    openButtons();
  };
  ui.ticker = setInterval(tick, 250);
  tick();
  openButtons();
}

/**
 * @param {boolean} busy
 * @param {string} [working] what is being done
 */
function setBusy(busy, working) {
  const screen = ui.screen;
  ui.busy = busy;
  if (screen === null) return;
  const { text } = screen;
  screen.card.classList.toggle('busy', busy);
  for (const field of screen.fields) field.readOnly = busy;
  if (screen.submit) screen.submit.textContent = (busy ? text.busy : text.submit) ?? '';
  screen.status.textContent = busy ? (working ?? text.working ?? '') : '';
  openButtons();
}

function submit() {
  const screen = ui.screen;
  if (screen === null || screen.submit === null || !mayAnswer() || !screen.ready()) return;
  const problem = screen.check();
  if (problem === null) screen.send();
  else complain(problem);
}

/** @param {string} problem */
function complain(problem) {
  const screen = ui.screen;
  if (screen === null) return;
  screen.problem.textContent = problem;
  /** @type {NodeListOf<Field>} */
  const typed = screen.card.querySelectorAll('input:not(.tick input), textarea:not([readonly])');
  const visible = [...typed].filter((field) => field.checkVisibility());
  const wrong = visible.find((field) => field.value === '') ?? visible[0];
  (wrong ?? screen.first).focus();
}

/**
 * Sends what was done on the screen that is up; the enclave drops it if that is not its last one.
 * @param {OnScreen} answer
 */
function onScreen(answer) {
  if (ui.view !== null) ui.answer({ ...answer, view: ui.view.view });
}

/**
 * Sends an answer; nothing more is taken until the enclave asks again.
 * @param {OnScreen} answer
 */
function give(answer) {
  if (ui.screen === null) return;
  clearFields();
  ui.screen.problem.textContent = '';
  setBusy(true);
  onScreen(answer);
}

function cancel() {
  if (ui.screen === null) return;
  clearFields();
  ui.ceremony?.abort();
  onScreen({ ui: 'cancel' });
}

/** Empties the fields and hides what is typed next. */
function clearFields() {
  clearTimeout(ui.estimate);
  const screen = ui.screen;
  if (screen === null) return;
  for (const field of screen.fields) field.value = '';
  screen.conceal();
  screen.refresh();
}

/** Puts the focus into the screen unless it is there already. */
function focusScreen() {
  const screen = ui.screen;
  if (screen && !screen.card.contains(document.activeElement)) screen.first.focus();
}

/** Listens to what moves the whole frame: shown, hidden, resized, left. */
function watchFrame() {
  // A hidden frame cannot take the focus; these tell when the page has shown it.
  window.addEventListener('focus', focusScreen);
  new ResizeObserver(focusScreen).observe(document.documentElement);
  document.addEventListener('visibilitychange', startDisplay);
  // On the document: one engine gives a cross-site frame no focused field before a first click.
  document.addEventListener('keydown', onKey);
  window.addEventListener('pagehide', (event) => {
    // The browser may keep the page as it is, with the words of a phrase on it.
    if (ui.screen !== null) showIdle();
    ui.answer({ ui: 'hidden' });
    // Then the worker would sleep with what is in its memory, and with the locks that it holds.
    if (event.persisted) channel.worker?.terminate();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) closeAfterCrash();
  });
  let last = -ACTIVITY_EVERY_MS;
  const active = (/** @type {Event} */ event) => {
    if (!event.isTrusted || event.timeStamp - last < ACTIVITY_EVERY_MS) return;
    last = event.timeStamp;
    ui.answer({ ui: 'activity' });
  };
  for (const name of ['pointerdown', 'keydown']) document.addEventListener(name, active, true);
}
