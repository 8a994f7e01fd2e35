// Making a backup, saving it, and bringing one back.

/**
 * @param {Show & { screen: 'backup' }} view
 * @returns {Screen_}
 */
function backupScreen({ phrase: enrolled }) {
  const text = TEXT.backup;
  const { boxes, secret, ...own } = passphraseChoice(text.field, text.fieldAgain);
  const phrase = tick('with-phrase', text.phrase, { type: 'checkbox' });
  const other = tick('with-passphrase', text.passphrase, { type: 'checkbox' });
  phrase.input.checked = enrolled;
  other.input.checked = !enrolled;
  const choices = make('fieldset', { class: 'ticks' }, make('legend', {}, text.legend));
  if (enrolled) choices.append(phrase.box);
  choices.append(other.box);
  const typed = make('div', {}, ...boxes);
  const open = () => (typed.hidden = !other.input.checked);
  other.input.addEventListener('change', open);
  open();
  const screen = makeScreen('backup', {
    text,
    asks: text.asks,
    body: [soft(text.explain), choices, typed],
    ...own,
    check() {
      if (other.input.checked) return own.check();
      return phrase.input.checked ? null : text.none;
    },
    send() {
      const passphrase = other.input.checked ? secret() : undefined;
      give({ ui: 'backup', phrase: phrase.input.checked, secret: passphrase });
    },
  });
  if (enrolled) screen.first = phrase.input;
  return screen;
}

/**
 * The file waits here until the person has saved it: only then is it a backup.
 * @param {Show & { screen: 'backup_ready' }} view
 * @returns {Screen_}
 */
function backupReadyScreen({ name, bytes }) {
  const text = TEXT.backupReady;
  const link = make('a', { id: 'save', class: 'save', download: name }, text.save);
  const size = make('span', {}, sizeOf(bytes));
  const about = make('p', { class: 'facts' }, make('strong', {}, name), size);
  let saved = false;
  link.addEventListener('click', (event) => {
    // Before the file is there, or where it never comes, the link leads nowhere.
    saved ||= event.isTrusted && mayPress() && link.href !== '';
    if (!saved) event.preventDefault();
    openButtons();
  });
  const screen = makeScreen('backup_ready', {
    text,
    asks: TEXT.backup.asks,
    body: [soft(text.explain), make('div', { class: 'file' }, about, link)],
    ready: () => saved,
    send: () => give({ ui: 'confirm' }),
  });
  backupAddress(bytes).then(
    (address) => (link.href = address),
    () => (screen.problem.textContent = TEXT.problem.other),
  );
  return screen;
}

/**
 * A restore, or a trial of one.
 * @param {Show & { screen: 'restore' }} view
 * @returns {Screen_}
 */
function restoreScreen({ why }) {
  const text = why === 'drill' ? TEXT.drill : TEXT.restore;
  const words = TEXT.restore;
  const file = labelled('file', words.file, { type: 'file', 'aria-required': 'true' });
  const kinds = openerChoice();
  const typed = passphraseField('passphrase', TEXT.backup.field, 'current-password');
  const reveal = revealButton();
  typed.head.append(reveal);
  const entry = phraseEntry();
  const byPhrase = () => kinds.phrase.checked;
  const choose = () => {
    typed.box.hidden = byPhrase();
    entry.box.hidden = !byPhrase();
  };
  for (const input of [kinds.passphrase, kinds.phrase]) input.addEventListener('change', choose);
  choose();
  const screen = makeScreen('restore', {
    text,
    asks: text.asks,
    body: [soft(text.explain), file.box, kinds.box, accountField(), typed.box, entry.box],
    fields: [typed.input, ...entry.fields],
    reveal,
    refresh: entry.refresh,
    check() {
      const wrong = checkFile(file.input.files?.[0]);
      return wrong ?? (byPhrase() ? entry.check() : checkTyped(typed.input.value));
    },
    send() {
      toolbox.file = file.input.files?.[0] ?? null;
      const secret = byPhrase() ? entry.secret() : encoded(typed.input.value);
      give({ ui: 'factor', kind: byPhrase() ? 'recovery-phrase' : 'passphrase', secret });
    },
  });
  screen.first = file.input;
  return screen;
}

/**
 * @param {File | undefined} file
 * @returns {string | null}
 */
function checkFile(file) {
  if (file === undefined) return TEXT.restore.noFile;
  return file.size > BACKUP_MAX_BYTES ? TEXT.restore.large : null;
}

/** What opens the file: one of the two. */
function openerChoice() {
  const text = TEXT.restore;
  const radio = { type: 'radio', name: 'opener' };
  const passphrase = tick('by-passphrase', text.passphrase, { ...radio, checked: '' });
  const phrase = tick('by-phrase', text.phrase, radio);
  const legend = make('legend', {}, text.legend);
  const box = make('fieldset', { class: 'ticks' }, legend, passphrase.box, phrase.box);
  return { box, passphrase: passphrase.input, phrase: phrase.input };
}

/**
 * What is in the backup; a later one that this browser knows of is told before anything happens.
 * @param {Show & { screen: 'confirm_restore' }} view
 * @returns {Screen_}
 */
function confirmRestoreScreen({ created, keys, entries, newer }) {
  const text = TEXT.confirmRestore;
  const older = typeof newer === 'number';
  const facts = [
    [text.created, momentOf(created)],
    [text.keys, String(keys)],
    [text.entries, String(entries)],
  ];
  const warning = older ? [note(text.newerTitle, text.newer(momentOf(newer)))] : [];
  for (const part of warning) part.id = 'newer';
  return makeScreen('confirm_restore', {
    text: { ...text, submit: older ? text.submitOlder : text.submit },
    asks: text.asks,
    body: [factList(facts), ...warning, soft(text.explain)],
    danger: older,
    send() {
      askToPersist();
      give({ ui: 'confirm' });
    },
  });
}
