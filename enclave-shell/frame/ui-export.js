// Saving the audit log as a file: what `enclave-shell audit verify` reads.

/** Lines of the file that is being handed over. @type {string[]} */
const logLines = [];

/**
 * Takes the next entries of the log; the first entry begins a new file.
 * @param {LoggedEntry[]} entries
 */
function takeLog(entries) {
  if (entries[0]?.seq === 1) dropLog();
  for (const { hash, leaf, ...entry } of entries) {
    const bytes = { hash: base64Of(hash), ...(leaf && { leaf: base64Of(leaf) }) };
    logLines.push(`${JSON.stringify({ ...entry, ...bytes })}\n`);
  }
}

/** Forgets what was handed over. */
function dropLog() {
  logLines.length = 0;
}

/**
 * The file, and the key that it is checked with: from here, not from the file, the key is to be
 * trusted.
 * @param {Show & { screen: 'log_ready' }} view
 * @returns {Screen_}
 */
function logReadyScreen({ name, count, checkpoint }) {
  const text = TEXT.logReady;
  const lines = [...logLines, `${JSON.stringify({ checkpoint: checkpoint.note })}\n`];
  const whole = logLines.length === count;
  const file = new Blob(lines, { type: 'application/jsonl' });
  const address = whole ? URL.createObjectURL(file) : '';
  const link = make('a', { id: 'save', class: 'save', download: name, href: address }, text.save);
  link.addEventListener('click', (event) => {
    if (!event.isTrusted || !mayPress()) event.preventDefault();
  });
  const about = make('p', { class: 'facts' }, make('strong', {}, name));
  about.append(make('span', {}, `${text.count(count)} · ${sizeOf(file.size)}`));
  const key = make('code', { id: 'verifier' }, checkpoint.verifierKey);
  return makeScreen('log_ready', {
    text: { title: text.title, working: TEXT.manage.working },
    asks: TEXT.manage.asks,
    body: whole
      ? [
          soft(text.explain),
          make('div', { class: 'file' }, about, link),
          section('check', text.check, soft(text.checkMore), make('p', { class: 'facts' }, key)),
        ]
      : [soft(TEXT.problem.other)],
    back: () => give({ ui: 'back' }),
    cancel: TEXT.done,
    forget: () => URL.revokeObjectURL(address),
  });
}
