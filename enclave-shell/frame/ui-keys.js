// The pages of keys: the keys of all sites, and one of them with what can be done about it.

/**
 * Goes from the management page to one of its parts.
 * @param {string} id
 * @param {string} label
 * @param {'keys' | 'audit'} part
 * @returns {HTMLButtonElement}
 */
function partButton(id, label, part) {
  const opener = button(id, 'plain', label);
  onPress(opener, () => give({ ui: 'open', part }));
  return opener;
}

/**
 * A site as people know it: the host, and the scheme where it is insecure.
 * @param {string} origin
 * @returns {string}
 */
function shortSite(origin) {
  return origin.startsWith('https://') ? origin.slice('https://'.length) : origin;
}

/**
 * The name of a key: what its site called it, or the start of its id.
 * @param {{ keyId: string, label?: string, alias?: string }} key
 * @returns {string}
 */
function keyName({ keyId, label, alias }) {
  return label ?? alias ?? TEXT.keys.unnamed(keyId.slice(0, 8));
}

/**
 * @param {Show & { screen: 'keys' }} view
 * @returns {Screen_}
 */
function keysScreen(view) {
  const text = TEXT.keys;
  const list = make('ul', { class: 'ways', role: 'list' });
  list.append(...view.rows.map((row) => (row.key ? keyRow(row.key) : strayRow(row.unreadable))));
  const body = view.rows.length > 0 ? [soft(text.explain), list] : [soft(text.none)];
  return makeScreen('keys', {
    text: { title: text.title, working: TEXT.manage.working },
    asks: TEXT.manage.asks,
    body: [...body, ...turners(view.before, view.more, text)],
    back: () => give({ ui: 'back' }),
    cancel: TEXT.done,
  });
}

/**
 * @param {KeyInfo} key
 * @returns {HTMLElement}
 */
function keyRow(key) {
  const facts = [TEXT.spec[key.spec], TEXT.protection[key.protection], lastChange(key)];
  const opener = choice(`key-${key.keyId}`, keyName(key), facts.join(' · '), () =>
    give({ ui: 'open_key', keyId: key.keyId }),
  );
  const sites = key.callerOrigins.map(shortSite).join(', ');
  const lines = [make('span', {}, sites)];
  if (key.state !== 'enabled') lines.push(make('b', { class: 'state' }, TEXT.keyState[key.state]));
  opener.append(...lines);
  return make('li', {}, opener);
}

/**
 * A record that cannot be read is told, not left out.
 * @param {string | undefined} keyId
 * @returns {HTMLElement}
 */
function strayRow(keyId) {
  const text = TEXT.keys;
  const name = keyId ? text.unnamed(keyId.slice(0, 8)) : text.stray;
  const facts = make('p', { class: 'facts' }, make('strong', {}, name));
  facts.append(make('span', {}, text.unreadable));
  return make('li', { class: 'stray' }, facts);
}

/**
 * @param {KeyInfo} key
 * @returns {string}
 */
function lastChange({ created, versions }) {
  const last = versions[versions.length - 1]?.created ?? created;
  return last > created ? TEXT.keys.rotated(dayOf(last)) : TEXT.keys.created(dayOf(created));
}

/**
 * The buttons to the pages before and behind.
 * @param {boolean} before
 * @param {boolean} more
 * @param {{ before: string, more: string, pages: string }} text
 * @returns {Node[]}
 */
function turners(before, more, text) {
  if (!before && !more) return [];
  const row = make('div', { class: 'row turners', role: 'group', 'aria-label': text.pages });
  for (const [shown, id, label, on] of /** @type {const} */ ([
    [before, 'before', text.before, false],
    [more, 'more', text.more, true],
  ])) {
    if (!shown) continue;
    const turner = button(id, 'small', label);
    onPress(turner, () => give({ ui: 'turn', on }));
    row.append(turner);
  }
  return [row];
}

/**
 * @param {Show & { screen: 'key' }} view
 * @returns {Screen_}
 */
function keyScreen({ key, public: halves }) {
  const text = TEXT.key;
  const log = button('log', 'plain', text.log);
  onPress(log, () => give({ ui: 'filter', keyId: key.keyId }));
  return makeScreen('key', {
    text: { title: keyName(key), working: TEXT.manage.working },
    asks: TEXT.manage.asks,
    body: [
      ...aboutKey(key),
      section('policy', text.policy, bullets(policySentences(key))),
      versionsSection(key),
      ...(halves.length > 0 ? [publicSection(key, halves)] : []),
      section('log', text.logTitle, log),
      ...deletionSection(key),
    ],
    back: () => give({ ui: 'back' }),
    cancel: TEXT.done,
  });
}

/**
 * @param {string[]} lines
 * @returns {HTMLElement}
 */
function bullets(lines) {
  return make('ul', { class: 'bullets', role: 'list' }, ...lines.map((line) => make('li', {}, line)));
}

/**
 * Who may do what with a key, in words.
 * @param {KeyInfo} key
 * @returns {string[]}
 */
function policySentences({ callerOrigins, usage, audit, policy, uses }) {
  const text = TEXT.policy;
  const [owner = '', ...others] = callerOrigins.map(shortSite);
  const lines = [text.owner(owner)];
  if (others.length > 0) lines.push(text.others(others.join(', ')));
  lines.push(text.usage(usage.map((one) => wordsFor(TEXT.usage, one)).join(text.and)));
  const { notBefore, notAfter, maxUses, rate, confirmation, jwt } = policy;
  if (typeof notBefore === 'number') lines.push(text.notBefore(dayOf(notBefore)));
  if (typeof notAfter === 'number') lines.push(text.notAfter(dayOf(notAfter)));
  if (typeof maxUses === 'number') lines.push(text.maxUses(maxUses, uses ?? 0));
  if (rate) lines.push(text.rate(rate.uses, inWords(Math.ceil(rate.periodMs / 1000))));
  if (jwt) lines.push(...tokenSentences(jwt));
  if (confirmation && confirmation !== 'none') lines.push(text.confirmed);
  lines.push(wordsFor(text.audit, audit), text.fixed);
  return lines;
}

/**
 * What the tokens of a key say, in words.
 * @param {JwtTemplate} template
 * @returns {string[]}
 */
function tokenSentences({ typ, audiences, maxLifeSeconds, claims, required, fixed }) {
  const text = TEXT.policy;
  const always = new Set(required ?? []);
  const chosen = Object.entries(claims ?? {}).map(([name, type]) =>
    text.claim(name, type, always.has(name)),
  );
  const said = Object.entries(fixed ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const most =
    maxLifeSeconds < 7200 ? inWords(maxLifeSeconds) : durationOf(maxLifeSeconds * 1000);
  return [
    text.tokens(typ, most),
    text.audiences(audiences.join(text.and)),
    ...(said.length > 0 ? [text.saidAlways(said.join(', '))] : []),
    chosen.length > 0 ? text.claims(chosen.join(', ')) : text.saidNothing,
  ];
}

/**
 * Whether keys of a spec have no public half.
 * @param {KeySpec} spec
 * @returns {boolean}
 */
function isSecret(spec) {
  return spec === 'aes-256' || spec === 'hmac-sha256';
}

/**
 * The words for what versions of a key do.
 * @param {KeySpec} spec
 */
function versionWords(spec) {
  const words = TEXT.versions;
  if (spec === 'aes-256') return words.encrypt;
  if (spec === 'hmac-sha256') return words.mac;
  if (spec === 'hpke-x25519' || spec === 'hpke-x-wing') return words.seal;
  return spec === 'x25519' || spec === 'ec-p256-agreement' ? words.agree : words.sign;
}

/**
 * What the key is, and what can be done with it at once.
 * @param {KeyInfo} key
 * @returns {Node[]}
 */
function aboutKey(key) {
  const text = TEXT.key;
  const facts = [
    [text.state, TEXT.keyState[key.state]],
    [text.spec, TEXT.spec[key.spec]],
    [isSecret(key.spec) ? text.secret : text.protection, TEXT.protection[key.protection]],
    [text.created, dayOf(key.created)],
  ];
  if (key.alias !== undefined && key.alias !== null) facts.push([text.alias, key.alias]);
  if (typeof key.deletionDate === 'number') facts.push([text.deletion, dayOf(key.deletionDate)]);
  const list = make('dl', { class: 'contents' });
  for (const [name = '', value = ''] of facts) {
    list.append(make('div', {}, make('dt', {}, name), make('dd', {}, value)));
  }
  if (key.state === 'pending-deletion') {
    const keep = keyButton('keep', text.keep, { action: 'cancel_deletion' });
    return [note(text.waitingTitle, text.waiting), list, keep];
  }
  if (key.state === 'destroyed') return [note(text.destroyedTitle, text.destroyed), list];
  const rename = button('rename', 'small', TEXT.manage.rename);
  const enabled = key.state === 'enabled';
  const toggle = keyButton(
    enabled ? 'disable' : 'enable',
    enabled ? text.disable : text.enable,
    { action: enabled ? 'disable' : 'enable' },
  );
  const tools = make('div', { class: 'row' }, rename, toggle);
  if (enabled) tools.append(keyButton('rotate', text.rotate, { action: 'rotate' }));
  const place = make('div', {}, tools);
  const close = () => {
    place.replaceChildren(tools);
    rename.focus();
  };
  onPress(rename, () => place.replaceChildren(...nameField(key.label ?? '', nameKey, close)));
  onPress(rename, () => place.querySelector('input')?.focus());
  return enabled ? [list, place] : [note(text.disabledTitle, text.disabled), list, place];
}

/**
 * Deleting the key, which waits for a while first.
 * @param {KeyInfo} key
 * @returns {HTMLElement[]}
 */
function deletionSection({ state }) {
  if (state !== 'enabled' && state !== 'disabled') return [];
  const text = TEXT.key;
  const wait = make('select', { id: 'wait' });
  for (const days of [30, 14, 7]) {
    wait.append(make('option', { value: String(days) }, text.days(days)));
  }
  const label = make('label', { for: wait.id }, text.deleteAfter);
  const remove = button('remove', 'small danger', text.remove);
  onPress(remove, () => {
    give({ ui: 'key', action: 'schedule_deletion', days: Number(wait.value) });
  });
  const pair = make('div', { class: 'field pair' }, label, wait);
  return [section('deletion', text.deleteTitle, soft(text.deleteMore), pair, remove)];
}

/** @param {string} label */
function nameKey(label) {
  give({ ui: 'key', action: 'rename', label });
}

/**
 * A button that asks for something to be done with the key on display.
 * @param {string} id
 * @param {string} label
 * @param {KeyAction} action
 * @param {string} [look]
 * @returns {HTMLButtonElement}
 */
function keyButton(id, label, action, look = 'small') {
  const asking = button(id, look, label);
  onPress(asking, () => give({ ui: 'key', ...action }));
  return asking;
}

/**
 * @param {KeyInfo} key
 * @returns {HTMLElement}
 */
function versionsSection(key) {
  const text = TEXT.key;
  const words = versionWords(key.spec);
  const { versions, minDecryptionVersion: read, minEncryptionVersion: least } = key;
  const rows = [...versions].reverse().map(({ version, kid, created, protection }) => {
    const may = version >= least ? words.both : version >= read ? words.old : text.retired;
    const name = make('strong', {}, text.version(version));
    const held = protection ? [TEXT.protection[protection]] : [];
    const about = make('span', {}, [text.made(dayOf(created)), may, ...held].join(' · '));
    const facts = make('p', { class: 'facts' }, name, about);
    if (kid) facts.append(make('code', { title: kid }, kid));
    return make('li', {}, facts);
  });
  /** @type {HTMLElement[]} */
  const parts = [make('ul', { class: 'ways', role: 'list' }, ...rows)];
  const changeable = key.state === 'enabled' || key.state === 'disabled';
  if (changeable && versions.length > 1) parts.push(...minimumChoice(key));
  if (changeable && (versions[0]?.version ?? read) < read) {
    const trim = { action: /** @type {const} */ ('trim'), least: read };
    parts.push(soft(words.trimMore), keyButton('trim', text.trim, trim, 'small danger'));
  }
  return section('versions', text.versions, ...parts);
}

/**
 * The oldest versions that may be used; they can only get higher.
 * @param {KeyInfo} key
 * @returns {HTMLElement[]}
 */
function minimumChoice({ spec, versions, minDecryptionVersion, minEncryptionVersion }) {
  const text = TEXT.key;
  const words = versionWords(spec);
  const least = versionChoice('least-make', words.leastMake, versions, minEncryptionVersion);
  const read = versionChoice('least-read', words.leastRead, versions, minDecryptionVersion);
  const save = button('raise', 'small', text.raise);
  save.hidden = true;
  const chosen = () => ({
    decryption: Number(read.select.value),
    encryption: Number(least.select.value),
  });
  for (const { select } of [least, read]) {
    select.addEventListener('change', () => {
      const { decryption, encryption } = chosen();
      save.hidden = decryption === minDecryptionVersion && encryption === minEncryptionVersion;
    });
  }
  onPress(save, () => {
    const { decryption, encryption } = chosen();
    if (encryption < decryption) complain(words.order);
    else give({ ui: 'key', action: 'raise', decryption, encryption });
  });
  return [least.box, read.box, save];
}

/**
 * @param {string} id
 * @param {string} label
 * @param {KeyVersion[]} versions
 * @param {number} now
 * @returns {{ box: HTMLElement, select: HTMLSelectElement }}
 */
function versionChoice(id, label, versions, now) {
  const select = make('select', { id });
  const numbers = new Set([now, ...versions.map(({ version }) => version)]);
  for (const version of [...numbers].filter((one) => one >= now).sort((a, b) => a - b)) {
    const option = make('option', { value: String(version) }, TEXT.key.version(version));
    option.selected = version === now;
    select.append(option);
  }
  const box = make('div', { class: 'field pair' }, make('label', { for: id }, label), select);
  return { box, select };
}

/**
 * The public half of a version as text to copy.
 * @param {KeyInfo} key
 * @param {PublicKeyInfo[]} halves
 * @returns {HTMLElement}
 */
function publicSection({ versions }, halves) {
  const text = TEXT.key;
  const format = make('select', { id: 'format' });
  const formats = halves.every(({ jwk }) => jwk) ? ['PEM', 'JWK'] : ['PEM'];
  for (const name of formats) format.append(make('option', { value: name }, name));
  const which = make('select', { id: 'which' });
  versions.forEach(({ version }, place) => {
    const option = make('option', { value: String(place) }, text.version(version));
    option.selected = place === versions.length - 1;
    which.append(option);
  });
  const out = make('textarea', { id: 'public-key', readonly: '', rows: '7', 'aria-label': text.public });
  const draw = () => {
    const half = halves[Number(which.value)];
    if (half === undefined) return;
    out.value = format.value === 'JWK' ? JSON.stringify(half.jwk, null, 2) : pemOf(half.spki);
  };
  for (const select of [format, which]) select.addEventListener('change', draw);
  draw();
  out.addEventListener('focus', () => out.select());
  const pair = (/** @type {string} */ label, /** @type {HTMLElement} */ select) =>
    make('div', { class: 'field pair' }, make('label', { for: select.id }, label), select);
  const boxes = [pair(text.format, format)];
  if (versions.length > 1) boxes.push(pair(text.which, which));
  return section('public', text.public, ...boxes, out, soft(text.publicMore));
}
