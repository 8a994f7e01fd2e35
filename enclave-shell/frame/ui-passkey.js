// The screens on which a passkey is created.

/**
 * Runs a ceremony for the screen that is up, and sends what it gave. The screen may be gone by
 * the time the person has answered; then nothing is sent.
 * @param {(signal: AbortSignal) => Promise<(OnScreen & { ui: 'factor' }) | Approved>} work
 * @returns {Promise<boolean>} whether it was sent
 */
async function hold(work) {
  const ceremony = new AbortController();
  ui.ceremony?.abort();
  ui.ceremony = ceremony;
  if (ui.screen) ui.screen.problem.textContent = '';
  setBusy(true, TEXT.passkey.prompt);
  try {
    const answer = await work(ceremony.signal);
    if (ceremony.signal.aborted) {
      if (answer.ui === 'factor' && answer.kind === 'passkey') {
        wipe(answer.prf, answer.prfAtCreation);
      }
      return false;
    }
    ui.ceremony = null;
    give(answer);
    return true;
  } catch (error) {
    if (ceremony.signal.aborted) return false;
    ui.ceremony = null;
    showAgain();
    complain(textOf(TEXT.problem, toProblem(error).code));
    return false;
  }
}

/** @param {(Uint8Array<ArrayBuffer> | undefined)[]} secrets */
function wipe(...secrets) {
  for (const secret of secrets) secret?.fill(0);
}

/**
 * The input of the ceremony, from the request that is on display now.
 * @returns {NewPasskey}
 */
function newPasskey() {
  const { view } = ui;
  if (view?.screen !== 'setup' && view?.screen !== 'add_passkey') {
    throw new PasskeyProblem('passkey_failed');
  }
  return view.passkey;
}

/**
 * A passkey that the person has already, from another vault or from the page that makes one.
 * @param {AbortSignal} signal
 * @returns {Promise<OnScreen & { ui: 'factor' }>}
 */
async function existingPasskey(signal) {
  const { challenge, salt, exclude } = newPasskey();
  const factor = await usePasskey(challenge, [], { eval: { first: salt } }, signal);
  if (exclude.some((id) => sameBytes(id, factor.credential))) {
    wipe(factor.prf);
    throw new PasskeyProblem('passkey_known');
  }
  return { ui: 'factor', ...factor };
}

/**
 * The two ceremonies of a new passkey. An engine may want a press for each: what the first gave
 * is kept for the next press, until it is forgotten.
 * @param {(made: boolean) => void} onMade
 */
function twoCeremonies(onMade) {
  /** @type {Awaited<ReturnType<typeof createPasskey>> | null} */
  let made = null;
  const forget = () => {
    wipe(made?.prf);
    made = null;
  };
  const run = async (/** @type {AbortSignal} */ signal) => {
    const input = newPasskey();
    if (made === null) {
      made = await createPasskey(input, signal);
      onMade(true);
    }
    const { id, prf, publicKey } = made;
    const first = { eval: { first: input.salt } };
    const factor = await usePasskey(input.challenge, [id], first, signal).catch((error) => {
      // One that cannot open a vault is no use a second time.
      const useless = toProblem(error).code === 'passkey_without_prf';
      if (useless || signal.aborted) forget();
      if (useless) onMade(false);
      throw error;
    });
    if (prf !== undefined) factor.prfAtCreation = prf.slice();
    if (publicKey !== undefined) factor.publicKey = publicKey.slice();
    return /** @type {OnScreen & { ui: 'factor' }} */ ({ ui: 'factor', ...factor });
  };
  return { run, forget };
}

/** Where a passkey can be created that cannot be created in a frame. */
function elsewhere() {
  const { elsewhere: lead, open, enrolled } = TEXT.passkey;
  const address = make('code', { class: 'address', id: 'enrol' }, `${RELEASE.origin}/enrol`);
  const box = make('div', { class: 'elsewhere' }, soft(lead), soft(open));
  box.append(make('p', {}, address), soft(enrolled));
  return box;
}

/**
 * A passkey for a new vault, or another one for this.
 * @param {'setup' | 'add_passkey'} name
 * @returns {Screen_}
 */
function passkeyScreen(name) {
  const first = name === 'setup';
  const create = mayCreatePasskeys();
  const base = TEXT.setupPasskey;
  /** @type {ScreenTexts & { explain: string }} */
  const text = { ...base, ...(first ? {} : TEXT.addPasskey) };
  if (!create) text.submit = TEXT.passkey.have;
  const lead = soft(text.explain);
  const other = elsewhere();
  other.hidden = create;
  const have = button('have-passkey', 'quiet', TEXT.passkey.have);
  const ceremonies = twoCeremonies((made) => {
    text.submit = made ? TEXT.passkey.prove : base.submit;
    lead.textContent = made ? TEXT.passkey.proof : text.explain;
    other.hidden = true;
  });
  const run = async (/** @type {typeof existingPasskey} */ work) => {
    if (first) askToPersist();
    const sent = await hold(work);
    if (!sent && text.submit === base.submit) other.hidden = false;
  };
  onPress(have, () => run(existingPasskey));
  const body = [lead, other];
  if (first) body.splice(1, 0, note(base.warnTitle, base.warn));
  return makeScreen(name, {
    text,
    asks: first ? base.asks : TEXT.manage.asks,
    body,
    tail: create ? [make('p', { class: 'aside' }, have)] : [],
    back: first ? () => openScreen(setupScreen()) : undefined,
    send: () => void run(create ? ceremonies.run : existingPasskey),
    forget: ceremonies.forget,
  });
}
