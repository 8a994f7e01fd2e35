// The management page: ways to unlock, automatic locking, backups, storage.

/** @typedef {Show & { screen: 'manage' }} ManageView */

/**
 * @param {ManageView} view
 * @returns {Screen_}
 */
function manageScreen(view) {
  const text = TEXT.manage;
  const sections = [
    keysSection(),
    waysSection(view),
    backupSection(view),
    leasesSection(view),
    lockingSection(view),
    storageSection(view),
    resetSection(),
  ];
  return makeScreen('manage', {
    text: { title: text.title, working: text.working },
    asks: text.asks,
    body: sections,
    cancel: TEXT.done,
  });
}

/**
 * @param {string} id
 * @param {string} title
 * @param {Node[]} children
 * @returns {HTMLElement}
 */
function section(id, title, ...children) {
  const heading = make('h2', { id: `${id}-title` }, title);
  return make('div', { role: 'group', 'aria-labelledby': `${id}-title` }, heading, ...children);
}

/** @returns {HTMLElement} */
function keysSection() {
  const text = TEXT.manage;
  const keys = partButton('keys', text.keys, 'keys');
  const audit = partButton('audit', text.audit, 'audit');
  return section('keys-section', text.keysTitle, make('div', { class: 'row' }, keys, audit));
}

/**
 * A button that asks the enclave for something.
 * @param {string} id
 * @param {string} label
 * @param {Action} action
 * @param {string} [look]
 * @returns {HTMLButtonElement}
 */
function actionButton(id, label, action, look = 'plain') {
  const asking = button(id, look, label);
  onPress(asking, () => give({ ui: 'action', ...action }));
  return asking;
}

/**
 * @param {ManageView} view
 * @returns {HTMLElement}
 */
function waysSection({ enrolments }) {
  const text = TEXT.manage;
  const list = make('ul', { class: 'ways', role: 'list' });
  const only = enrolments.length === 1;
  list.append(...enrolments.map((enrolment) => wayRow(enrolment, only)));
  /** @type {EnrolmentKind[]} */
  const kinds = ['passkey', 'passphrase', 'recovery-phrase'];
  const adders = kinds
    .filter((kind) => kind !== 'passkey' || mayUsePasskeys())
    .map((kind) => actionButton(`add-${kind}`, TEXT.kind[kind], { action: 'add', kind }, 'small'));
  const label = make('h3', { id: 'add-title' }, text.add);
  const group = { class: 'row', role: 'group', 'aria-labelledby': 'add-title' };
  const parts = only ? [soft(text.only)] : [];
  return section('ways', text.ways, list, ...parts, label, make('div', group, ...adders));
}

/**
 * One way to unlock, with what can be done to it.
 * @param {Enrolment} enrolment
 * @param {boolean} only
 * @returns {HTMLElement}
 */
function wayRow(enrolment, only) {
  const text = TEXT.manage;
  const { id, kind, label, created, lastUsed } = enrolment;
  const facts = [text.added(dayOf(created))];
  if (label !== TEXT.kind[kind]) facts.unshift(TEXT.kind[kind]);
  if (lastUsed !== undefined && lastUsed !== null) facts.push(text.used(dayOf(lastUsed)));
  const name = make('strong', { id: `name-${id}` }, label);
  const about = make('p', { class: 'facts' }, name, make('span', {}, facts.join(' · ')));
  const rename = button(`rename-${id}`, 'small', text.rename);
  rename.setAttribute('aria-label', text.renameOf(label));
  const remove = button(`remove-${id}`, 'small', text.remove);
  remove.setAttribute('aria-label', text.removeOf(label));
  const tools = make('div', { class: 'row' }, rename);
  if (!only) tools.append(remove);
  const row = make('li', { 'data-enrolment': id }, about, tools);
  const close = (/** @type {HTMLElement} */ to) => {
    row.replaceChildren(about, tools);
    to.focus();
  };
  const named = (/** @type {string} */ name) =>
    give({ ui: 'action', action: 'rename', id, label: name });
  onPress(rename, () => row.replaceChildren(...nameField(label, named, () => close(rename))));
  onPress(rename, () => row.querySelector('input')?.focus());
  onPress(remove, () => row.replaceChildren(...remover(enrolment, () => close(remove))));
  onPress(remove, () => row.querySelector('button')?.focus());
  return row;
}

/**
 * A field for another name.
 * @param {string} label the name as it is
 * @param {(name: string) => void} take
 * @param {() => void} close
 * @returns {Node[]}
 */
function nameField(label, take, close) {
  const text = TEXT.manage;
  const attributes = { ...VERBATIM, type: 'text', maxlength: '64', 'aria-required': 'true' };
  const { box, input } = labelled('label', text.name, attributes);
  input.value = label;
  const save = button('save-label', 'small', text.save);
  const keep = button('keep-label', 'small', TEXT.cancel);
  const send = () => {
    const name = input.value.trim();
    if (name === '') complain(TEXT.check.label);
    else if (name === label) close();
    else take(name);
  };
  onPress(save, send);
  onPress(keep, close);
  // Enter and Escape are about the name here, not about the page.
  input.addEventListener('keydown', (event) => {
    if (!event.isTrusted || event.isComposing || !['Enter', 'Escape'].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') close();
    else if (mayPress()) send();
  });
  return [box, make('div', { class: 'row' }, save, keep)];
}

/**
 * @param {Enrolment} enrolment
 * @param {() => void} close
 * @returns {Node[]}
 */
function remover({ id, label }, close) {
  const text = TEXT.manage;
  const keep = button('keep', 'small', text.keep);
  onPress(keep, close);
  const remove = actionButton('remove', text.remove, { action: 'remove', id }, 'small danger');
  const question = make('p', { role: 'alert' }, text.sure(label));
  return [question, make('div', { class: 'row' }, keep, remove)];
}

/** Times to choose from, in minutes. */
const IDLE_MINUTES = [1, 2, 5, 10, 15];
const ABSOLUTE_MINUTES = [15, 30, 60, 120, 240, 480];

/**
 * @param {string} id
 * @param {string} label
 * @param {number[]} minutes
 * @param {number} now
 * @param {number} longest
 * @returns {{ box: HTMLElement, select: HTMLSelectElement }}
 */
function timeChoice(id, label, minutes, now, longest) {
  const times = new Set([...minutes.map((count) => count * 60_000), now]);
  const select = make('select', { id });
  for (const time of [...times].sort((a, b) => a - b)) {
    if (time > longest) continue;
    const option = make('option', { value: String(time) }, lockTime(time));
    option.selected = time === now;
    select.append(option);
  }
  const box = make('div', { class: 'field pair' }, make('label', { for: id }, label), select);
  return { box, select };
}

/**
 * @param {ManageView} view
 * @returns {HTMLElement}
 */
function lockingSection({ autoLock, longest }) {
  const text = TEXT.manage;
  const idle = timeChoice('idle', text.idle, IDLE_MINUTES, autoLock.idleMs, longest.idleMs);
  const { absoluteMs } = autoLock;
  const whole = timeChoice(
    'absolute',
    text.absolute,
    ABSOLUTE_MINUTES,
    absoluteMs,
    longest.absoluteMs,
  );
  const save = button('save-times', 'plain', text.saveTimes);
  save.hidden = true;
  const times = () => ({
    idleMs: Number(idle.select.value),
    absoluteMs: Number(whole.select.value),
  });
  for (const { select } of [idle, whole]) {
    select.addEventListener('change', () => {
      const chosen = times();
      save.hidden = chosen.idleMs === autoLock.idleMs && chosen.absoluteMs === absoluteMs;
    });
  }
  onPress(save, () => give({ ui: 'action', action: 'auto_lock', ...times() }));
  return section('locking', text.locking, idle.box, whole.box, save);
}

/**
 * @param {ManageView} view
 * @returns {HTMLElement}
 */
function backupSection({ backup: { lastBackup, lastDrill } }) {
  const text = TEXT.manage;
  const facts = [];
  if (typeof lastBackup === 'number') {
    facts.push(make('p', {}, text.lastBackup(momentOf(lastBackup))));
    const tried = typeof lastDrill === 'number';
    facts.push(tried ? make('p', {}, text.lastDrill(momentOf(lastDrill))) : soft(text.noDrill));
  } else facts.push(note(text.noBackup, text.noBackupMore));
  const make_ = actionButton('backup', text.backup, { action: 'backup' });
  const drill = actionButton('drill', text.drill, { action: 'drill' });
  return section('backups', text.backups, ...facts, make('div', { class: 'row' }, make_, drill));
}

/**
 * @param {ManageView} view
 * @returns {HTMLElement}
 */
function storageSection({ storage: { persisted, partitioned, usage, quota } }) {
  const text = TEXT.manage;
  const facts = [];
  if (persisted === true) facts.push(text.persisted);
  else facts.push(persisted === false ? text.evictable : text.unknown);
  if (partitioned === true) facts.push(text.partitioned);
  if (typeof usage === 'number' && typeof quota === 'number') {
    facts.push(text.usage(sizeOf(usage), sizeOf(quota)));
  }
  return section('storage', text.storage, ...facts.map(soft));
}

/** @returns {HTMLElement} */
function resetSection() {
  const { danger, reset, resetMore } = TEXT.manage;
  const button_ = actionButton('reset', reset, { action: 'reset' }, 'plain danger');
  return section('danger', danger, soft(resetMore), button_);
}

/**
 * Deleting the vault takes a typed word, so that no stray press can do it.
 * @returns {Screen_}
 */
function resetScreen() {
  const text = TEXT.reset;
  const attributes = { ...VERBATIM, type: 'text', maxlength: '16', 'aria-required': 'true' };
  const { box, input } = labelled('delete-word', text.label, attributes);
  return makeScreen('reset', {
    text,
    asks: text.asks,
    body: [note(text.warnTitle, text.warn), box],
    fields: [input],
    danger: true,
    check: () => (input.value.trim() === text.word ? null : text.check),
    send: () => give({ ui: 'confirm' }),
  });
}
