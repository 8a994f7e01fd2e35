// The page of the audit log.

/** Ends the name of a use that a person approved, or did not. */
const APPROVAL = '.approval';

/**
 * @param {Show & { screen: 'audit' }} view
 * @returns {Screen_}
 */
function auditScreen(view) {
  const text = TEXT.audit;
  const { entries, count, head, next } = view;
  const state = make('p', { class: 'soft' }, `${text.count(count)} `, make('code', {}, shortHash(head)));
  const list = make('ol', { class: 'ways log', role: 'list' });
  list.append(...entries.map((entry) => entryRow(entry, view)));
  const exporter = button('export', 'small', text.export);
  onPress(exporter, () => give({ ui: 'export' }));
  const found = entries.length > 0 ? [list] : [soft(text.none)];
  if (isFiltered(view.filter) && typeof next === 'number') found.push(soft(text.searched(next + 1)));
  return makeScreen('audit', {
    text: { title: text.title, working: TEXT.manage.working },
    asks: TEXT.manage.asks,
    body: [state, filterSection(view), ...found, ...turners(view.before, typeof next === 'number', text)],
    back: () => give({ ui: 'back' }),
    cancel: TEXT.done,
    beside: [exporter],
  });
}

/**
 * @param {AuditFilter} filter
 * @returns {boolean}
 */
function isFiltered(filter) {
  return Object.values(filter).some((value) => value !== undefined && value !== null);
}

/**
 * @param {AuditEntry} entry
 * @param {Show & { screen: 'audit' }} view
 * @returns {HTMLElement}
 */
function entryRow({ seq, time, method, keyId, callerOrigin, outcome, authorization = {} }, view) {
  const text = TEXT.audit;
  const done = outcome === 'ok';
  const what = make('strong', {}, nameOf(method));
  const result = make('b', { class: done ? 'done' : 'state' }, done ? text.ok : outcomeOf(outcome));
  const own = method === 'vault.auto_lock' ? text.enclave : text.person;
  const who = callerOrigin ? shortSite(callerOrigin) : own;
  const facts = [make('span', {}, text.about(seq, localMoment(time), who))];
  if (keyId) facts.push(make('span', {}, text.key(nameIn(view, keyId))));
  for (const [name, value] of Object.entries(authorization)) {
    if (Object.hasOwn(text.authorization, name)) facts.push(nameInBroker(name, value));
  }
  const about = make('p', { class: 'facts' }, make('span', { class: 'line' }, what, result), ...facts);
  return make('li', { value: String(seq), 'data-method': method, 'data-outcome': outcome }, about);
}

/**
 * A name by which the broker's log knows what an entry is about.
 * @param {string} name
 * @param {string} value
 * @returns {HTMLElement}
 */
function nameInBroker(name, value) {
  const label = textOf(TEXT.audit.authorization, name);
  return make('span', { 'data-authorization': name }, `${label}: `, make('code', {}, value));
}

/**
 * What was done, in words; a name that this release does not know stands as it is.
 * @param {string} method
 * @returns {string}
 */
function nameOf(method) {
  if (method.endsWith(APPROVAL)) return TEXT.audit.approval(nameOf(method.slice(0, -APPROVAL.length)));
  return Object.hasOwn(TEXT.method, method) ? textOf(TEXT.method, method) : method;
}

/**
 * @param {string} outcome
 * @returns {string}
 */
function outcomeOf(outcome) {
  return Object.hasOwn(TEXT.outcome, outcome) ? textOf(TEXT.outcome, outcome) : TEXT.outcome.other;
}

/**
 * @param {Show & { screen: 'audit' }} view
 * @param {string} keyId
 * @returns {string}
 */
function nameIn({ names }, keyId) {
  const label = names.find((name) => name.keyId === keyId)?.label;
  return keyName(label === undefined ? { keyId } : { keyId, label });
}

/**
 * What is looked for. Keys and sites are offered as far as they are on this page.
 * @param {Show & { screen: 'audit' }} view
 * @returns {HTMLElement}
 */
function filterSection(view) {
  const text = TEXT.audit;
  const { filter, entries } = view;
  const kinds = /** @type {const} */ (['use', 'keys', 'vault']).map((kind) => [kind, text.group[kind]]);
  const ends = /** @type {const} */ (['done', 'failed']).map((end) => [end, text.outcome[end]]);
  const sites = known(entries.map(({ callerOrigin }) => callerOrigin), filter.origin);
  const keys = known(entries.map(({ keyId }) => keyId), filter.keyId);
  const choices = [
    filterChoice('group', text.groupLabel, kinds, filter.group),
    filterChoice('outcome', text.outcomeLabel, ends, filter.outcome),
    filterChoice('origin', text.site, sites.map((site) => [site, shortSite(site)]), filter.origin),
    filterChoice('keyId', text.keyLabel, keys.map((id) => [id, nameIn(view, id)]), filter.keyId),
  ];
  for (const { select } of choices) {
    select.addEventListener('change', (event) => {
      if (!event.isTrusted || !mayPress()) return;
      const chosen = choices.map(({ select: one }) => [one.id, one.value]);
      give({ ui: 'filter', ...Object.fromEntries(chosen.filter(([, value]) => value !== '')) });
    });
  }
  const boxes = make('div', { class: 'filters' }, ...choices.map(({ box }) => box));
  const details = make('details', {}, make('summary', {}, text.filter), boxes);
  details.open = isFiltered(filter);
  return details;
}

/**
 * @param {(string | undefined)[]} values
 * @param {string | undefined} chosen
 * @returns {string[]}
 */
function known(values, chosen) {
  return [...new Set([chosen, ...values])].filter((value) => typeof value === 'string');
}

/**
 * @param {string} id
 * @param {string} label
 * @param {(readonly string[])[]} options value and text of each
 * @param {string | undefined} now
 * @returns {{ box: HTMLElement, select: HTMLSelectElement }}
 */
function filterChoice(id, label, options, now) {
  // Until the screen takes presses nothing can be chosen: a choice that came to nothing would stay shown.
  const select = make('select', { id, 'data-press': '' });
  select.append(make('option', { value: '' }, TEXT.audit.all));
  for (const [value = '', text = ''] of options) {
    const option = make('option', { value }, text);
    option.selected = value === now;
    select.append(option);
  }
  return { box: make('div', { class: 'field' }, make('label', { for: id }, label), select), select };
}
