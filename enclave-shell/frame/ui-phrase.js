// The recovery phrase: shown once, asked for in part, and typed as a whole.

/**
 * @param {string} text
 * @returns {string[]}
 */
function wordsIn(text) {
  return text.split(/\s+/u).filter((word) => word !== '');
}

/**
 * The words, numbered; the bytes they came in are wiped.
 * @param {Show & { screen: 'phrase' }} view
 * @returns {Screen_}
 */
function phraseScreen({ words }) {
  const text = TEXT.phrase;
  // Not for translators: they would show other words, and some send them away.
  const off = { translate: 'no' };
  const list = make('ol', { class: 'words', role: 'list', 'aria-label': text.list, ...off });
  wordsIn(new TextDecoder().decode(words)).forEach((word, index) => {
    const number = make('span', {}, `${index + 1}`);
    list.append(make('li', {}, number, ' ', make('strong', {}, word)));
  });
  wipe(words);
  return makeScreen('phrase', {
    text,
    asks: text.asks,
    body: [soft(text.explain), list, note(text.warnTitle, text.warn)],
    back: () => give({ ui: 'back' }),
    send: () => give({ ui: 'written' }),
  });
}

/**
 * @param {Show & { screen: 'confirm_phrase' }} view
 * @returns {Screen_}
 */
function confirmPhraseScreen({ positions }) {
  const text = TEXT.confirmPhrase;
  const asked = positions.map((position) => {
    const attributes = { ...VERBATIM, type: 'text', maxlength: '16', 'aria-required': 'true' };
    return labelled(`word-${position}`, text.word(position), attributes);
  });
  const fields = asked.map(({ input }) => input);
  const typed = () => fields.map((field) => field.value.trim().toLowerCase());
  return makeScreen('confirm_phrase', {
    text,
    asks: TEXT.phrase.asks,
    body: [soft(text.explain), ...asked.map(({ box }) => box)],
    fields,
    back: () => give({ ui: 'back' }),
    check: () => (typed().includes('') ? TEXT.check.words : null),
    send() {
      askToPersist();
      give({ ui: 'words', secret: encoded(typed().join(' ')) });
    },
  });
}

/**
 * Fields for a whole phrase: one that takes it at once, or one for each word.
 * @returns {PhraseEntry}
 */
function phraseEntry() {
  const text = TEXT.entry;
  const whole = wholePhrase();
  const cells = phraseCells();
  const inputs = cells.map(({ input }) => input);
  const group = { class: 'cells', role: 'group', 'aria-labelledby': 'words-label' };
  const grid = make('div', group, ...cells.map(({ box }) => box));
  const label = make('label', { for: 'phrase' }, text.label);
  const gridLabel = make('span', { class: 'label', id: 'words-label' }, text.legend);
  const toggle = button('phrase-mode', 'quiet', '');
  const hint = make('p', { id: 'phrase-hint', class: 'hint', 'aria-live': 'polite' });
  const box = make('div', { class: 'field' });
  box.append(make('div', { class: 'line' }, label, gridLabel, toggle), whole, grid, hint);
  const byWord = () => !grid.hidden;
  const typed = () => wordsIn(byWord() ? inputs.map(({ value }) => value).join(' ') : whole.value);
  const show = (/** @type {boolean} */ words) => {
    const moved = typed();
    grid.hidden = gridLabel.hidden = !words;
    whole.hidden = label.hidden = words;
    toggle.textContent = words ? text.whole : text.grid;
    inputs.forEach((input, index) => (input.value = words ? (moved[index] ?? '') : ''));
    whole.value = words ? '' : moved.join(' ');
  };
  toggle.addEventListener('click', (event) => event.isTrusted && show(!byWord()));
  show(false);
  return {
    box,
    fields: [whole, ...inputs],
    refresh() {
      const count = typed().length;
      say(hint, count === 0 ? text.empty : text.count(count));
    },
    check: () => (typed().length === PHRASE_WORDS ? null : text.short(typed().length)),
    secret: () => encoded(typed().join(' ').toLowerCase()),
  };
}

/** The field that takes all words at once. */
function wholePhrase() {
  return make('textarea', {
    id: 'phrase',
    rows: '4',
    ...VERBATIM,
    maxlength: String(PHRASE_MAX),
    'aria-describedby': 'phrase-hint',
    'aria-required': 'true',
  });
}

/**
 * The fields of the single words. Several words in one of them go on into the next ones.
 * @returns {{ box: HTMLElement, input: HTMLInputElement }[]}
 */
function phraseCells() {
  const attributes = { ...VERBATIM, type: 'text', maxlength: '16' };
  const cells = Array.from({ length: PHRASE_WORDS }, (_, index) => {
    const label = TEXT.confirmPhrase.word(index + 1);
    const input = make('input', { id: `word-${index + 1}`, 'aria-label': label, ...attributes });
    const number = make('span', { 'aria-hidden': 'true' }, `${index + 1}`);
    return { box: make('div', { class: 'cell' }, number, input), input };
  });
  const inputs = cells.map(({ input }) => input);
  const spread = (/** @type {number} */ at, /** @type {string} */ text) => {
    const words = wordsIn(text);
    const from = words.length >= PHRASE_WORDS ? 0 : at;
    words.slice(0, PHRASE_WORDS - from).forEach((word, index) => {
      const input = inputs[from + index];
      if (input) input.value = word;
    });
    const goOn = words.length > 1 ? from + words.length - 1 : at + 1;
    inputs[Math.min(goOn, PHRASE_WORDS - 1)]?.focus();
  };
  inputs.forEach((input, index) => {
    input.addEventListener('paste', (event) => {
      const text = event.clipboardData?.getData('text') ?? '';
      if (wordsIn(text).length < 2) return;
      event.preventDefault();
      spread(index, text);
      input.dispatchEvent(new Event('input'));
    });
    // Before the screen counts the words: a space goes on to the next field.
    input.addEventListener('input', () => {
      if (/\s/u.test(input.value)) spread(index, input.value);
    });
  });
  return cells;
}
