// Shows the screens and takes what the person does. It holds the passphrase only while it is
// typed: on submit it is read once, encoded, cleared from the fields and transferred.

const ui = {
  /** @type {Screen_ | null} */
  screen: null,
  /** Where the answers go; nowhere before the enclave runs. @type {(answer: UiAnswer) => void} */
  answer() {},
  /** Whether the screen has been up for long enough. */
  seen: false,
  /** Makes it so. @type {ReturnType<typeof setTimeout> | undefined} */
  display: undefined,
  busy: false,
  /** End of the back-off, on the clock of `performance.now`. */
  waitUntil: 0,
  /** @type {ReturnType<typeof setInterval> | undefined} */
  ticker: undefined,
};

/**
 * @param {HTMLElement} card
 * @param {string} name
 */
function place(card, name) {
  clearInterval(ui.ticker);
  document.body.replaceChildren(card, footer());
  document.documentElement.dataset.screen = name;
}

function showIdle() {
  clearFields();
  ui.screen = null;
  ui.busy = false;
  place(
    idleCard(() => ui.answer({ ui: 'lock' })),
    'idle',
  );
}

/** @param {Refusal} refusal */
function showFault(refusal) {
  clearFields();
  ui.screen = null;
  ui.answer = () => {};
  place(faultCard(refusal), 'fault');
}

/**
 * Shows a screen, or the same one again with what went wrong.
 * @param {UiRequest & { ui: 'show' }} request
 */
function showScreen(request) {
  let screen = ui.screen;
  if (screen === null || screen.name !== request.screen || !request.problem) {
    clearFields();
    screen =
      request.screen === 'setup' ? setupScreen(request.origin) : unlockScreen(request.origin);
    ui.screen = screen;
    place(screen.card, screen.name);
    listenTo(screen);
    screen.refresh();
  }
  setBusy(false);
  startDisplay();
  const problem = request.problem ? textOf(TEXT.problem, request.problem) : '';
  waitFor(screen, problem, request.retryAfterMs ?? 0);
  focusScreen();
}

/** @param {Screen_} screen */
function listenTo(screen) {
  screen.submit.addEventListener('click', (event) => event.isTrusted && submit());
  screen.cancel.addEventListener('click', (event) => event.isTrusted && cancel());
  screen.reveal.addEventListener('click', (event) => event.isTrusted && toggleReveal(screen));
  for (const field of screen.fields) {
    field.addEventListener('input', () => {
      if (ui.waitUntil === 0) screen.problem.textContent = '';
      screen.refresh();
    });
  }
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const screen = ui.screen;
  if (screen === null || !event.isTrusted || event.isComposing) return;
  const inField = event.target instanceof HTMLInputElement;
  if (event.key === 'Escape') cancel();
  else if (event.key === 'Tab') keepInside(screen, event);
  else if (event.key === 'Enter' && inField) {
    event.preventDefault();
    const next = screen.fields[screen.fields.indexOf(event.target) + 1];
    if (next && next.value === '') next.focus();
    else submit();
  }
  if (inField && !ui.busy) {
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
  const stops = screen.card.querySelectorAll('input:not([hidden]), button:enabled');
  const ends = [stops[0], stops[stops.length - 1]];
  const [to, from] = event.shiftKey ? ends.reverse() : ends;
  const active = document.activeElement;
  if (to && (active === from || !screen.card.contains(active))) {
    event.preventDefault();
    to.focus();
  }
}

/** @param {Screen_} screen */
function toggleReveal(screen) {
  const shown = screen.fields[0]?.type === 'text';
  for (const field of screen.fields) field.type = shown ? 'password' : 'text';
  screen.reveal.textContent = shown ? TEXT.show : TEXT.hide;
  screen.reveal.setAttribute('aria-label', shown ? TEXT.showLabel : TEXT.hideLabel);
}

/**
 * Starts the time a screen must have been up; the button opens when it is over. The timer alone
 * says when: a clock that the engine rounds may not have come as far yet.
 */
function startDisplay() {
  clearTimeout(ui.display);
  ui.seen = false;
  ui.display = setTimeout(() => {
    ui.seen = true;
    openSubmit();
  }, MIN_DISPLAY_MS);
  openSubmit();
}

/** @returns {boolean} */
function mayAnswer() {
  const seen = document.visibilityState === 'visible' && ui.seen;
  return seen && !ui.busy && performance.now() >= ui.waitUntil;
}

function openSubmit() {
  if (ui.screen) ui.screen.submit.disabled = !mayAnswer();
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
    count.textContent = left > 0 ? TEXT.wait(inWords(left)) : '';
    if (left > 0) return;
    clearInterval(ui.ticker);
    ui.waitUntil = 0;
    screen.problem.textContent = '';
    screen.status.textContent = TEXT.retry;
    openSubmit();
  };
  ui.ticker = setInterval(tick, 250);
  tick();
  openSubmit();
}

/** @param {boolean} busy */
function setBusy(busy) {
  const screen = ui.screen;
  ui.busy = busy;
  if (screen === null) return;
  const text = TEXT[screen.name];
  screen.card.classList.toggle('busy', busy);
  for (const field of screen.fields) field.readOnly = busy;
  screen.submit.textContent = busy ? text.busy : text.submit;
  screen.status.textContent = busy ? text.working : '';
  openSubmit();
}

function submit() {
  const screen = ui.screen;
  if (screen === null || !mayAnswer()) return;
  const problem = screen.check();
  if (problem !== null) {
    screen.problem.textContent = problem;
    screen.first.focus();
    return;
  }
  // The field's string cannot be wiped; it is read once and dropped with the field's value.
  const passphrase = new TextEncoder().encode(screen.fields[0]?.value.normalize('NFKC'));
  clearFields();
  screen.problem.textContent = '';
  setBusy(true);
  ui.answer({ ui: 'submit', passphrase });
}

function cancel() {
  if (ui.screen === null) return;
  clearFields();
  ui.answer({ ui: 'cancel' });
}

/** Empties the fields and hides what is typed next. */
function clearFields() {
  const screen = ui.screen;
  if (screen === null) return;
  for (const field of screen.fields) field.value = '';
  if (screen.fields[0]?.type === 'text') toggleReveal(screen);
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
  window.addEventListener('pagehide', () => {
    clearFields();
    ui.answer({ ui: 'hidden' });
  });
  let last = -ACTIVITY_EVERY_MS;
  const active = (/** @type {Event} */ event) => {
    if (!event.isTrusted || event.timeStamp - last < ACTIVITY_EVERY_MS) return;
    last = event.timeStamp;
    ui.answer({ ui: 'activity' });
  };
  for (const name of ['pointerdown', 'keydown']) document.addEventListener(name, active, true);
}
