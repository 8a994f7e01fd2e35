// Opening the vault, or doing so again before something that matters: one screen for each way.

/** @typedef {Show & { screen: 'unlock' }} UnlockView */
/** @typedef {{ kind: EnrolmentKind, id: string | undefined, label: string, used: number }} Way */

/**
 * The ways to open the vault, the last used first. Any passkey may answer the browser's prompt,
 * so they are one.
 * @param {Enrolment[]} enrolments
 * @returns {Way[]}
 */
function waysOf(enrolments) {
  /** @type {Way[]} */
  const ways = [];
  for (const { id, kind, label, created, lastUsed } of enrolments) {
    const used = lastUsed ?? created;
    const other = kind === 'passkey' && ways.find((way) => way.kind === 'passkey');
    if (other) {
      other.label = `${other.label}, ${label}`;
      other.used = Math.max(other.used, used);
    } else {
      ways.push({ kind, id: kind === 'passkey' ? undefined : id, label, used });
    }
  }
  return ways.sort((a, b) => b.used - a.used);
}

/**
 * Starts with the way that was used last.
 * @param {UnlockView} view
 * @returns {Screen_}
 */
function unlockScreen(view) {
  const ways = waysOf(view.enrolments);
  const way = ways[0] ?? { kind: 'passphrase', id: undefined, label: '', used: 0 };
  return wayScreen(view.why, way, ways);
}

/**
 * @param {Why} why
 * @param {Way} way
 * @param {Way[]} ways
 * @returns {Screen_}
 */
function wayScreen(why, way, ways) {
  const others = ways.filter((other) => other !== way);
  const list = others.map((other) => {
    const name = TEXT.kind[other.kind];
    const more = other.label === name ? '' : other.label;
    return choice(`use-${other.id ?? 'passkey'}`, name, more, () => {
      openScreen(wayScreen(why, other, ways));
    });
  });
  const { title, asks, busy, other } = TEXT.unlock;
  const again = why !== 'unlock';
  const heading = make('h2', { id: 'others' }, other);
  const group = { class: 'choices', role: 'group', 'aria-labelledby': 'others' };
  const parts = partsOf(way);
  return makeScreen('unlock', {
    ...parts,
    asks: again ? TEXT.whyAsks : asks,
    body: [...(again ? [soft(TEXT.why[why])] : []), ...parts.body],
    text: {
      title: again ? TEXT.whyTitle : title,
      busy,
      submit: again ? TEXT.whySubmit : TEXT.unlock.submit,
      ...parts.text,
    },
    tail: list.length === 0 ? [] : [make('div', group, heading, ...list)],
  });
}

/**
 * What is special about a way.
 * @param {Way} way
 * @returns {Omit<ScreenParts, 'text'> & { text: Partial<ScreenTexts> }}
 */
function partsOf(way) {
  if (way.kind === 'passphrase') return passphraseParts(way);
  return way.kind === 'passkey' ? passkeyParts() : phraseParts(way);
}

/**
 * @param {Way} way
 * @returns {Omit<ScreenParts, 'text'> & { text: Partial<ScreenTexts> }}
 */
function passphraseParts({ id, label }) {
  const name = TEXT.passphrase;
  const title = ['', name].includes(label) ? name : TEXT.unlock.named(name, label);
  const field = passphraseField('passphrase', title, 'current-password');
  const reveal = revealButton();
  field.head.append(reveal);
  field.hint.textContent = TEXT.unlock.explain;
  return {
    text: { working: TEXT.slow },
    body: [accountField(), field.box],
    fields: [field.input],
    reveal,
    check: () => checkTyped(field.input.value),
    send() {
      const secret = encoded(field.input.value);
      give({ ui: 'factor', enrolment: id, kind: 'passphrase', secret });
    },
  };
}

/**
 * @param {Way} way
 * @returns {Omit<ScreenParts, 'text'> & { text: Partial<ScreenTexts> }}
 */
function phraseParts({ id }) {
  const { box, secret, ...entry } = phraseEntry();
  return {
    text: {},
    body: [box],
    ...entry,
    send: () => give({ ui: 'factor', enrolment: id, kind: 'recovery-phrase', secret: secret() }),
  };
}

/** @returns {Omit<ScreenParts, 'text'> & { text: Partial<ScreenTexts> }} */
function passkeyParts() {
  return {
    text: { submit: TEXT.unlock.usePasskey },
    body: [soft(TEXT.unlock.passkey)],
    send: () => void hold(enrolledPasskey),
  };
}

/**
 * One of the enrolled passkeys; which one, the browser tells.
 * @param {AbortSignal} signal
 * @returns {Promise<OnScreen & { ui: 'factor' }>}
 */
async function enrolledPasskey(signal) {
  const { view } = ui;
  if (view?.screen !== 'unlock') throw new PasskeyProblem('passkey_failed');
  const { ceremony } = view;
  const credentials = ceremony.passkeys.map(({ credential }) => credential);
  const prf = prfByCredential(ceremony);
  const factor = await usePasskey(ceremony.challenge, credentials, prf, signal);
  const used = ceremony.passkeys.find((known) => sameBytes(known.credential, factor.credential));
  if (used === undefined) {
    wipe(factor.prf);
    throw new PasskeyProblem('passkey_failed');
  }
  return { ui: 'factor', enrolment: used.enrolment, ...factor };
}
