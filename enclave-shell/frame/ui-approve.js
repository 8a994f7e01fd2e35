// The screen on which a person approves what keys are used for. What the page chose is shown as
// text, in a box of its own, after the enclave has written out whatever cannot be seen.

/**
 * @param {Show & { screen: 'approve' }} view
 * @returns {Screen_}
 */
function approveScreen(view) {
  const { operations, code, digest, passkeys } = view;
  const several = operations.length > 1;
  const text = {
    ...TEXT.approve,
    title: several ? TEXT.approve.titleAll : TEXT.approve.title,
    submit: several ? TEXT.approve.submitAll(operations.length) : TEXT.approve.submit,
  };
  const list = make('ol', { class: several ? 'asked numbered' : 'asked' });
  list.append(...operations.map(operationItem));
  const { more, ready } = readingOf(list);
  /** @type {Node[]} */
  const body = [list, more];
  const typed = code === undefined ? null : codeField(code);
  if (typed) body.push(note(TEXT.approve.blindTitle, TEXT.approve.blind), typed.box);
  if (passkeys.length > 0) body.push(soft(TEXT.approve.passkey));
  return makeScreen('approve', {
    text,
    asks: several ? TEXT.approve.asksAll(operations.length) : TEXT.approve.asks,
    body,
    fields: typed ? [typed.input] : [],
    cancel: TEXT.approve.deny,
    reading: true,
    ready,
    danger: typed !== null,
    check: () => (typed === null || typed.input.value.trim() === code ? null : TEXT.approve.check),
    send: () => {
      const answer = typed === null ? {} : { code: typed.input.value.trim() };
      approve({ ui: 'approve', digest: digest.slice(), ...answer });
    },
  });
}

/**
 * Sends what is approved, after a passkey has signed it where one has to. Which ones may is in the
 * request that is on display now: one may have been enrolled or removed since the first.
 * @param {Approved} approved
 */
function approve(approved) {
  const passkeys = ui.view?.screen === 'approve' ? ui.view.passkeys : [];
  if (passkeys.length === 0) {
    give(approved);
    return;
  }
  void hold(async (signal) => {
    const assertion = await signByPasskey(approved.digest, passkeys, signal);
    return { ...approved, ...assertion };
  });
}

/**
 * Texts that do not fit into their boxes have to be scrolled to their end once.
 * @param {HTMLElement} list
 * @returns {{ more: HTMLElement, ready: () => boolean }}
 */
function readingOf(list) {
  const more = make('p', { class: 'unread' }, TEXT.approve.scroll);
  const left = new Set(list.querySelectorAll('.payload'));
  const ready = () => {
    for (const box of left) if (showsEnd(box)) left.delete(box);
    more.hidden = left.size === 0;
    return more.hidden;
  };
  for (const box of left) box.addEventListener('scroll', openButtons);
  return { more, ready };
}

/**
 * Whether the end of what is in a box is on display; a box that is not drawn shows nothing.
 * @param {Element} box
 * @returns {boolean}
 */
function showsEnd({ clientHeight, scrollHeight, scrollTop }) {
  return clientHeight > 0 && scrollTop + clientHeight >= scrollHeight - SCROLL_SLACK;
}

/**
 * What the key is used for, which key it is, and on what.
 * @param {OperationInfo} operation
 * @returns {HTMLElement}
 */
function operationItem({ method, label, spec, kid, payload }) {
  const key = make('p', { class: 'facts' }, make('strong', {}, textOf(TEXT.approve.does, method)));
  const name = label === undefined ? TEXT.approve.unnamed : TEXT.approve.named(label);
  key.append(make('span', {}, name));
  key.append(make('span', {}, `${spec} · `, make('code', {}, `${kid.slice(0, 12)}…`)));
  return make('li', {}, key, ...payloadParts(payload));
}

/**
 * @param {Payload} payload
 * @returns {Node[]}
 */
function payloadParts({ bytes, sha256, text }) {
  const digest = make('code', { class: 'digest' }, hex(sha256));
  const about = make('p', { class: 'soft' }, `${TEXT.approve.digest} `, digest);
  if (text === undefined) {
    return [make('p', { class: 'unread' }, TEXT.approve.data(bytes)), about];
  }
  if (text.characters === 0) return [make('p', { class: 'unread' }, TEXT.approve.nothing)];
  // It scrolls, so it can be reached by key.
  const box = make('div', {
    class: 'payload',
    role: 'region',
    tabindex: '0',
    'aria-label': TEXT.approve.content,
  });
  box.textContent = text.shown;
  if (text.whole) return [box];
  return [box, make('p', { class: 'unread' }, TEXT.approve.cut(text.characters)), about];
}

/**
 * @param {string} code
 * @returns {{ box: HTMLElement, input: HTMLInputElement }}
 */
function codeField(code) {
  const { box, input } = labelled('code', TEXT.approve.type(code), {
    ...VERBATIM,
    inputmode: 'numeric',
    maxlength: '8',
    'aria-required': 'true',
  });
  return { box, input };
}
