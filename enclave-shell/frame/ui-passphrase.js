// Choosing a passphrase: for a new vault, as another way to unlock, for a backup.

/**
 * Two fields, a meter and what is said about them.
 * @param {string} label
 * @param {string} again
 * @returns {PassphraseChoice}
 */
function passphraseChoice(label, again) {
  const chosen = passphraseField('passphrase', label, 'new-password');
  const repeated = passphraseField('confirm', again, 'new-password');
  const reveal = revealButton();
  const bar = make('progress', { max: '100', value: '0', 'aria-hidden': 'true' });
  chosen.input.after(bar);
  chosen.head.append(reveal);
  for (const { hint } of [chosen, repeated]) hint.setAttribute('aria-live', 'polite');
  const typed = () => chosen.input.value;
  /** What was judged last, and how; nothing before the enclave has answered. */
  let judged = '';
  /** @type {number | null} */
  let score = null;
  const draw = () => {
    const count = countCharacters(typed());
    bar.value = meterValue(count, score);
    bar.className = count < PASSPHRASE_MIN || score === null ? '' : strengthOf(score);
    say(chosen.hint, choiceHint(count, score));
    say(repeated.hint, matchHint(typed(), repeated.input.value));
  };
  const refresh = () => {
    if (typed() !== judged) {
      judged = typed();
      score = null;
      estimateSoon(typed);
    }
    draw();
  };
  return {
    boxes: [accountField(), chosen.box, repeated.box],
    fields: [chosen.input, repeated.input],
    reveal,
    refresh,
    strength(value) {
      score = typed() === '' ? null : value;
      draw();
    },
    check: () => checkChoice(typed(), repeated.input.value),
    secret: () => encoded(typed()),
  };
}

/**
 * Asks the enclave, once the person pauses, how strong the passphrase is.
 * @param {() => string} typed
 */
function estimateSoon(typed) {
  clearTimeout(ui.estimate);
  if (typed() === '') return;
  ui.estimate = setTimeout(() => {
    if (countCharacters(typed()) <= PASSPHRASE_MAX) {
      onScreen({ ui: 'estimate', secret: encoded(typed()) });
    }
  }, ESTIMATE_AFTER_MS);
}

/**
 * Changes a live text only where it says something else, so that it is not spoken again.
 * @param {HTMLElement} target
 * @param {string} text
 */
function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * A name for a score of the enclave; the steps are those of the crate that gives it.
 * @param {number} score
 * @returns {'weak' | 'fair' | 'good' | 'strong'}
 */
function strengthOf(score) {
  if (score < 60) return 'weak';
  if (score < 80) return 'fair';
  return score < 95 ? 'good' : 'strong';
}

/**
 * Below the shortest length the bar shows how far it is to it, in its first third.
 * @param {number} count
 * @param {number | null} score
 * @returns {number}
 */
function meterValue(count, score) {
  if (count < PASSPHRASE_MIN) return (count * 33) / PASSPHRASE_MIN;
  return score === null ? 33 : Math.max(33, score);
}

/**
 * @param {number} count
 * @param {number | null} score
 * @returns {string}
 */
function choiceHint(count, score) {
  if (count === 0) return TEXT.hint.empty(PASSPHRASE_MIN);
  if (count < PASSPHRASE_MIN) return TEXT.hint.more(PASSPHRASE_MIN - count);
  if (count > PASSPHRASE_MAX) return TEXT.hint.long;
  return score === null ? '' : TEXT.hint[strengthOf(score)];
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
 * @param {string} typed
 * @returns {string | null}
 */
function checkTyped(typed) {
  if (typed === '') return TEXT.check.empty;
  return countCharacters(typed) > PASSPHRASE_MAX ? TEXT.check.long : null;
}

/**
 * A passphrase for a new vault, or another one for this.
 * @param {'setup' | 'add_passphrase'} name
 * @returns {Screen_}
 */
function passphraseScreen(name) {
  const first = name === 'setup';
  const text = first ? TEXT.setupPassphrase : TEXT.addPassphrase;
  const { boxes, secret, ...rest } = passphraseChoice(TEXT.passphrase, TEXT.again);
  const { warnTitle, warn } = TEXT.setupPassphrase;
  return makeScreen(name, {
    text,
    asks: first ? TEXT.setupPassphrase.asks : TEXT.manage.asks,
    body: [first ? note(warnTitle, warn) : soft(TEXT.addPassphrase.explain), ...boxes],
    ...rest,
    back: first ? () => openScreen(setupScreen()) : undefined,
    send() {
      if (first) askToPersist();
      give({ ui: 'factor', kind: 'passphrase', secret: secret() });
    },
  });
}

/**
 * How to protect a new vault.
 * @returns {Screen_}
 */
function setupScreen() {
  const text = TEXT.setup;
  const list = make('div', { class: 'choices', role: 'group', 'aria-label': text.choices });
  if (mayUsePasskeys()) {
    const use = () => openScreen(passkeyScreen('setup'));
    list.append(choice('use-passkey', TEXT.kind.passkey, text.passkey, use));
  }
  const type = () => openScreen(passphraseScreen('setup'));
  const write = () => give({ ui: 'new_phrase' });
  list.append(
    choice('use-passphrase', TEXT.kind.passphrase, text.passphrase, type),
    choice('use-phrase', TEXT.kind['recovery-phrase'], text.phrase, write),
  );
  const body = [soft(text.explain), list];
  if (arePasskeysForbidden()) {
    const told = soft(text.noPasskey);
    told.id = 'no-passkey';
    body.push(told);
  }
  const restore = button('restore', 'quiet', text.restore);
  onPress(restore, () => give({ ui: 'restore' }));
  return makeScreen('setup', {
    text: { title: text.title, working: text.working },
    asks: text.asks,
    body,
    beside: [restore],
  });
}
