// What every screen has in common, and the two that are no dialog.

/**
 * A screen: heading, who asks, body, what went wrong, buttons, status.
 * @param {ScreenName} name
 * @param {ScreenParts} parts
 * @returns {Screen_}
 */
function makeScreen(name, parts) {
  const { text, fields = [], reveal } = parts;
  const look = parts.danger ? 'primary danger' : 'primary';
  const submitter = text.submit === undefined ? null : button('submit', look, text.submit);
  const problem = make('p', { class: 'problem', id: 'problem', role: 'alert' });
  const status = make('p', { class: 'status', id: 'status', role: 'status' });
  const calm = parts.cancel !== undefined && !parts.reading;
  const closer = button('cancel', calm ? 'primary' : 'plain', parts.cancel ?? TEXT.cancel);
  // Next to the button it is about; where there is none, where the reading starts.
  const body = submitter === null ? [problem, ...parts.body] : [...parts.body, problem];
  const form = make('form', { novalidate: '' }, ...body);
  const actions = make('div', { class: 'actions' }, closer, ...(parts.beside ?? []));
  if (submitter !== null) actions.prepend(submitter);
  form.append(actions, status, ...(parts.tail ?? []));
  const asked = parts.asks === undefined ? [] : [askedBy(parts.asks)];
  const card = makeCard('dialog', text.title, ...asked, form);
  addBack(card, parts.back);
  const heading = /** @type {HTMLElement} */ (card.querySelector('h1'));
  /** @type {Screen_} */
  const screen = {
    name,
    text,
    card,
    first: parts.reading ? heading : (fields[0] ?? heading),
    reading: parts.reading ?? false,
    fields,
    submit: submitter,
    problem,
    status,
    refresh: parts.refresh ?? (() => {}),
    strength: parts.strength ?? (() => {}),
    ready: parts.ready ?? (() => true),
    check: parts.check ?? (() => null),
    send: parts.send ?? (() => {}),
    conceal: () => conceal(fields, reveal, false),
    forget: parts.forget ?? (() => {}),
  };
  listenTo(screen, closer, reveal);
  return screen;
}

/**
 * @param {HTMLElement} card
 * @param {(() => void) | undefined} back
 */
function addBack(card, back) {
  if (back === undefined) return;
  const button_ = button('back', 'quiet back', TEXT.back);
  onPress(button_, back);
  card.querySelector('.card')?.prepend(button_);
}

/**
 * @param {Screen_} screen
 * @param {HTMLButtonElement} closer
 * @param {HTMLButtonElement | undefined} reveal
 */
function listenTo(screen, closer, reveal) {
  const { fields } = screen;
  screen.submit?.addEventListener('click', (event) => event.isTrusted && submit());
  closer.addEventListener('click', (event) => event.isTrusted && cancel());
  reveal?.addEventListener('click', (event) => {
    if (event.isTrusted) conceal(fields, reveal, fields.some(isHidden));
  });
  for (const field of fields) {
    field.addEventListener('input', () => {
      if (ui.waitUntil === 0) screen.problem.textContent = '';
      screen.refresh();
    });
  }
}

/**
 * @param {Field} field
 * @returns {boolean}
 */
function isHidden(field) {
  return field.type === 'password';
}

/**
 * Shows or hides what is typed; a screen without a button for it has nothing to hide.
 * @param {Field[]} fields
 * @param {HTMLButtonElement | undefined} reveal
 * @param {boolean} shown
 */
function conceal(fields, reveal, shown) {
  if (reveal === undefined) return;
  for (const field of fields) {
    if ('secret' in field.dataset) field.setAttribute('type', shown ? 'text' : 'password');
  }
  reveal.textContent = shown ? TEXT.hide : TEXT.show;
  reveal.setAttribute('aria-label', shown ? TEXT.hideLabel : TEXT.showLabel);
}

/**
 * The screen of a request.
 * @param {Show} view
 * @returns {Screen_}
 */
function screenOf(view) {
  switch (view.screen) {
    case 'setup':
      return setupScreen();
    case 'release':
      return releaseScreen(view);
    case 'unlock':
      return unlockScreen(view);
    case 'phrase':
      return phraseScreen(view);
    case 'confirm_phrase':
      return confirmPhraseScreen(view);
    case 'add_passphrase':
      return passphraseScreen('add_passphrase');
    case 'add_passkey':
      return passkeyScreen('add_passkey');
    case 'manage':
      return manageScreen(view);
    case 'backup':
      return backupScreen(view);
    case 'backup_ready':
      return backupReadyScreen(view);
    case 'restore':
      return restoreScreen(view);
    case 'confirm_restore':
      return confirmRestoreScreen(view);
    case 'reset':
      return resetScreen();
    case 'lease':
      return leaseScreen(view);
    case 'keys':
      return keysScreen(view);
    case 'key':
      return keyScreen(view);
    case 'audit':
      return auditScreen(view);
    case 'log_ready':
      return logReadyScreen(view);
    case 'approve':
      return approveScreen(view);
  }
}

/**
 * The screen while nothing is asked.
 * @param {() => void} lock
 * @returns {HTMLElement}
 */
function idleCard(lock) {
  const locker = button('lock', 'plain', TEXT.idle.lock);
  const status = make('p', { class: 'status', role: 'status' });
  locker.addEventListener('click', (event) => {
    if (!event.isTrusted) return;
    status.textContent = TEXT.idle.locked;
    lock();
  });
  return makeCard('region', TEXT.idle.title, soft(TEXT.idle.body), locker, status);
}

/**
 * @param {Refusal} refusal
 * @returns {HTMLElement}
 */
function faultCard(refusal) {
  const reason = refusal.detail === '' ? refusal.code : `${refusal.code}: ${refusal.detail}`;
  return makeCard(
    'alert',
    TEXT.fault.title,
    make('p', {}, textOf(TEXT.fault, refusal.code)),
    soft(TEXT.fault.body),
    make('p', { class: 'soft' }, `${TEXT.fault.code}: `, make('code', {}, reason)),
  );
}
