// Another release than the one that last opened the vault: what a person sees before the unlock.

/** Where the release that is served says what it is. */
const MANIFEST_ADDRESS = `${location.origin}/.well-known/ats-kms/manifest.json`;

/**
 * @param {Show & { screen: 'release' }} view
 * @returns {Screen_}
 */
function releaseScreen({ course, from, to }) {
  const text = TEXT.release;
  const older = course === 'older';
  const facts = [
    [text.from, from.version],
    [text.to, to.version],
    ...digestRows(text.worker, from.worker, to.worker),
    ...digestRows(text.wasm, from.wasm, to.wasm),
    [text.manifest, MANIFEST_ADDRESS],
  ];
  const warning = older ? [note(text.olderTitle, text.older)] : [];
  for (const part of warning) part.id = 'older';
  return makeScreen('release', {
    text: { ...text, title: text.titles[course], submit: older ? text.submitOlder : text.submit },
    asks: text.asks,
    body: [soft(text.explain), ...warning, factList(facts)],
    danger: older,
    send: () => give({ ui: 'confirm' }),
  });
}

/**
 * A digest of both releases; one row where they are equal.
 * @param {string} name
 * @param {string} from
 * @param {string} to
 * @returns {string[][]}
 */
function digestRows(name, from, to) {
  if (from === to) return [[name, TEXT.release.same]];
  return [
    [TEXT.release.before(name), from],
    [TEXT.release.now(name), to],
  ];
}
