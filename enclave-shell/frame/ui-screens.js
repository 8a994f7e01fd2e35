// The two screens that ask for a passphrase.

/**
 * Not a submit button: the sandbox forbids forms to be sent, so the frame takes the click.
 * @param {string} id
 * @param {string} look
 * @param {string} text
 * @returns {HTMLButtonElement}
 */
function button(id, look, text) {
  return make('button', { type: 'button', id, class: look }, text);
}

/** @returns {Pick<Screen_, 'reveal' | 'submit' | 'cancel' | 'problem' | 'status'>} */
function sharedParts() {
  const reveal = button('reveal', 'quiet', TEXT.show);
  reveal.setAttribute('aria-label', TEXT.showLabel);
  return {
    reveal,
    submit: button('submit', 'primary', ''),
    cancel: button('cancel', 'plain', TEXT.cancel),
    problem: make('p', { class: 'problem', id: 'problem', role: 'alert' }),
    status: make('p', { class: 'status', id: 'status', role: 'status' }),
  };
}

/**
 * @param {string} origin
 * @returns {Screen_}
 */
function setupScreen(origin) {
  const text = TEXT.setup;
  const parts = sharedParts();
  const chosen = passphraseField('passphrase', text.passphrase, 'new-password');
  const again = passphraseField('confirm', text.confirm, 'new-password');
  const bar = make('progress', { max: String(PASSPHRASE_MIN), value: '0', 'aria-hidden': 'true' });
  chosen.input.after(bar);
  chosen.head.append(parts.reveal);
  chosen.hint.setAttribute('aria-live', 'polite');
  again.hint.setAttribute('aria-live', 'polite');
  parts.submit.textContent = text.submit;
  const form = make('form', { novalidate: '' }, accountField(), chosen.box, again.box);
  form.append(
    parts.problem,
    make('div', { class: 'actions' }, parts.submit, parts.cancel),
    parts.status,
  );
  const card = makeCard(
    'dialog',
    text.title,
    askedBy(origin, text.asks),
    make('p', { class: 'soft' }, text.explain),
    make('p', { class: 'note' }, make('strong', {}, text.warnTitle), ` ${text.warn}`),
    form,
  );
  const refresh = () => {
    const count = countCharacters(chosen.input.value);
    bar.value = Math.min(count, PASSPHRASE_MIN);
    bar.classList.toggle('enough', count >= PASSPHRASE_MIN);
    chosen.hint.textContent = lengthHint(count);
    again.hint.textContent = matchHint(chosen.input.value, again.input.value);
  };
  const check = () => checkChoice(chosen.input.value, again.input.value);
  const fields = [chosen.input, again.input];
  return { name: 'setup', card, first: chosen.input, fields, ...parts, refresh, check };
}

/**
 * @param {string} origin
 * @returns {Screen_}
 */
function unlockScreen(origin) {
  const text = TEXT.unlock;
  const parts = sharedParts();
  const field = passphraseField('passphrase', text.passphrase, 'current-password');
  field.head.append(parts.reveal);
  field.hint.textContent = text.explain;
  parts.submit.textContent = text.submit;
  const form = make('form', { novalidate: '' }, accountField(), field.box, parts.problem);
  form.append(make('div', { class: 'actions' }, parts.submit, parts.cancel), parts.status);
  const card = makeCard('dialog', text.title, askedBy(origin, text.asks), form);
  const check = () => {
    if (field.input.value === '') return TEXT.check.empty;
    return countCharacters(field.input.value) > PASSPHRASE_MAX ? TEXT.check.long : null;
  };
  const fields = [field.input];
  return { name: 'unlock', card, first: field.input, fields, ...parts, refresh() {}, check };
}

/**
 * @param {number} count
 * @returns {string}
 */
function lengthHint(count) {
  if (count === 0) return TEXT.hint.empty(PASSPHRASE_MIN);
  if (count < PASSPHRASE_MIN) return TEXT.hint.more(PASSPHRASE_MIN - count);
  return count > PASSPHRASE_MAX ? TEXT.hint.long : TEXT.hint.enough;
}

/**
 * @param {string} chosen
 * @param {string} again
 * @returns {string}
 */
function matchHint(chosen, again) {
  if (again === '') return '';
  return chosen.normalize('NFKC') === again.normalize('NFKC')
    ? TEXT.hint.matches
    : TEXT.hint.differs;
}

/**
 * @param {string} chosen
 * @param {string} again
 * @returns {string | null}
 */
function checkChoice(chosen, again) {
  const count = countCharacters(chosen);
  if (count < PASSPHRASE_MIN) return TEXT.check.short(PASSPHRASE_MIN);
  if (count > PASSPHRASE_MAX) return TEXT.check.long;
  return chosen.normalize('NFKC') === again.normalize('NFKC') ? null : TEXT.check.differs;
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
  const body = make('p', { class: 'soft' }, TEXT.idle.body);
  return makeCard('region', TEXT.idle.title, body, locker, status);
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
    make('p', { class: 'soft' }, TEXT.fault.body),
    make('p', { class: 'soft' }, `${TEXT.fault.code}: `, make('code', {}, reason)),
  );
}
