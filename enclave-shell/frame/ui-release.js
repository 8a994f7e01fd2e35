// What is to be known of the release before it opens the vault: that it is another one than the last,
// that it is to be replaced, or that it must not run.

/** Where the release that is served says what it is. */
const MANIFEST_ADDRESS = `${location.origin}/.well-known/ats-kms/manifest.json`;

/**
 * A revoked release has no way on.
 * @param {Show & { screen: 'release' }} view
 * @returns {Screen_}
 */
function releaseScreen({ running, change, standing }) {
  const text = TEXT.release;
  const warned = standing === 'unknown' ? undefined : text.warned[standing];
  const older = change?.course === 'older';
  const notes = [];
  if (warned) notes.push(noteWithId(standing, warned.title, warned.body));
  if (older) notes.push(noteWithId('older', text.olderTitle, text.older));
  const explain = change ? [soft(text.explain)] : [];
  const send = () => give({ ui: 'confirm' });
  const last = standing === 'revoked';
  const submit = last ? {} : { submit: notes.length > 0 ? text.submitWarned : text.submit };
  return makeScreen('release', {
    text: {
      title: warned?.screen ?? text.titles[change?.course ?? 'other'],
      busy: text.busy,
      working: text.working,
      ...submit,
    },
    asks: text.asks,
    body: [...notes, ...explain, factList(releaseFacts(running, change?.from ?? running))],
    danger: notes.length > 0,
    ...(last ? { cancel: TEXT.done } : {}),
    send,
  });
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} body
 * @returns {HTMLElement}
 */
function noteWithId(id, title, body) {
  const made = note(title, body);
  made.id = id;
  return made;
}

/**
 * @param {KnownRelease} running
 * @param {KnownRelease} from
 * @returns {string[][]}
 */
function releaseFacts(running, from) {
  const text = TEXT.release;
  const versions = from === running ? [] : [[text.from, from.version]];
  return [
    ...versions,
    [text.to, running.version],
    ...digestRows(text.worker, from.worker, running.worker, from === running),
    ...digestRows(text.wasm, from.wasm, running.wasm, from === running),
    [text.manifest, MANIFEST_ADDRESS],
  ];
}

/**
 * A digest of both releases; one row where they are equal.
 * @param {string} name
 * @param {string} from
 * @param {string} to
 * @param {boolean} alone whether there is only one release to speak of
 * @returns {string[][]}
 */
function digestRows(name, from, to, alone) {
  if (alone) return [[name, to]];
  if (from === to) return [[name, TEXT.release.same]];
  return [
    [TEXT.release.before(name), from],
    [TEXT.release.now(name), to],
  ];
}
