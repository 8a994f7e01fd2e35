/**
 * Every text of the verifier and of `<kms-verify>`, in one place. What is said when, the files beside
 * this one decide.
 */
export const TEXT = {
  verify: 'Verify',
  again: 'Verify again',
  busy: 'Verifying…',
  /** Name of each level. */
  level: {
    'enforced by browser': 'Enforced by browser',
    checked: 'Checked',
    failed: 'Failed',
  },
  /** What each level means. `all` and `one` name the releases that count. */
  means: {
    /** @param {string} all */
    'enforced by browser': (all) => `This browser refuses to run anything in the key vault but ${all}.`,
    /** @param {string} _ @param {string} one */
    checked: (_, one) => `What the server sends matches ${one}. This browser does not enforce it.`,
    /** @param {string} _ @param {string} one */
    failed: (_, one) => `What was found is not ${one}, or it could not be read.`,
  },
  counts: {
    byPolicy: 'a release that its signers made public',
    pinned: 'the pinned release',
    /** @param {string[]} versions */
    all: (versions) => `the pinned releases ${versions.join(' and ')}`,
    /** @param {string[]} versions */
    oneOf: (versions) => `one of the pinned releases ${versions.join(' and ')}`,
  },

  past: {
    none: 'Not verified yet.',
    /** @param {string} time @param {string} version */
    idle: (time, version) =>
      `Not verified now. Last verified in this browser on ${time}: release ${version}.`,
    never: 'It has not been verified here before.',
    /** @param {string} time @param {string} release */
    held: (time, release) => `It last held on ${time}, for release ${release}.`,
    first: 'Verified for the first time.',
    /** @param {string} time @param {string} before @param {string} now */
    changed: (time, before, now) => `Changed since it was verified on ${time}: ${before} → ${now}.`,
    /** @param {string} time */
    same: (time) => `The same release as on ${time}.`,
    /** @param {string} time @param {string} before */
    replaced: (time, before) => ` First seen on ${time}, when it replaced ${before}.`,
  },

  report: {
    copy: 'Copy report',
    copied: 'Copied',
    refused: 'Copying was refused',
    level: 'Level',
    release: 'Release',
    running: 'Running',
    manifest: 'Manifest',
    words: 'Words',
    code: 'Short code',
    here: 'In this browser',
    none: 'none',
    unknown: 'not known',
    unread: 'not read',
    /** @param {string} name @param {string} value */
    line: (name, value) => `${name}: ${value}`,
    notDone: 'not done',
    ok: 'ok',
    /** @param {string} code */
    failed: (code) => `FAILED ${code}`,
    /** @param {string} what @param {string} expected @param {string} found */
    compared: (what, expected, found) => `${what}: expected ${expected}, found ${found}`,
    notProven: 'Not proven:',
    rebuild: 'Rebuild it yourself:',
  },

  view: {
    holds: 'Holds',
    not: 'Does not hold',
    notDone: 'Not done',
    /** @param {string} title @param {string} detail */
    failure: (title, detail) => `Does not hold: “${title}”. ${detail}`,
    words: 'This release in words: ',
    wordsRead: 'What was read, in words: ',
    details: 'What was checked, and what that does not prove',
    limits: 'Not proven',
    digest: 'Digest of the manifest',
    code: 'Short code',
    both: 'both ',
    expected: 'expected ',
    found: ', found ',
    nothing: 'nothing',
    rebuild: 'Rebuild it yourself',
    rebuildMore: 'Builds this release from its source and compares every digest. In a terminal:',
    commands: 'Commands',
    copyCommands: 'Copy commands',
    qr: 'Digest as a QR code',
    qrMore: 'Another device reads the digest with its camera: it has to be the same there.',
    noQr: 'This page cannot make the code. In a terminal, `enclave-shell verify --qr` shows it.',
    /** @param {string} digest */
    qrOf: (digest) => `QR code of ${digest}`,
  },

  /** Commands of a rebuild. What stands in them is checked before. */
  rebuild: {
    /** @param {string} source */
    clone: (source) => `git clone ${source} kms && cd kms`,
    inClone: '# in a clone of the enclave’s source:',
    /** @param {string} commit */
    checkout: (commit) => `git checkout ${commit}`,
    /** @param {string} version */
    noCommit: (version) => `# the manifest names no commit; check out version ${version}`,
    dirty: ' # the build had changes that are in no commit',
    /** @param {string} origin */
    fetch: (origin) => `curl -sSf ${origin}/.well-known/ats-kms/manifest.json > manifest.json`,
    /** @param {string} hex */
    check: (hex) => `echo '${hex}  manifest.json' | sha256sum --check`,
    repro: 'cargo xtask repro --against manifest.json',
  },

  /** What is compared with the pin. */
  compared: {
    manifest: 'Manifest',
    version: 'Version',
    worker: 'Worker',
    wasm: 'WebAssembly',
    page: 'The frame’s page',
    script: 'The frame’s script',
    tools: 'The script of backups',
    kind: 'Kind of file',
  },

  /** Steps of a verification, by their order. */
  step: {
    pin: 'This app pins a release',
    /** @param {string} version @param {string} origin */
    pinned: (version, origin) => `Release ${version} of ${origin}.`,
    /** @param {string} version @param {string} next @param {string} origin */
    pinnedBoth: (version, next, origin) => `Releases ${version} and ${next} of ${origin}: either counts.`,
    manifest: 'The server publishes that release',
    accepted: 'the accepted one',
    pinnedOne: 'the pinned one',
    /** @param {string} version */
    ofRelease: (version) => `that of release ${version}`,
    /** @param {string} which @param {string} digest */
    published: (which, digest) => `Its manifest is ${which}, ${digest}.`,
    page: 'the frame’s page',
    /** @param {string} name */
    asset: (name) => `The server sends ${name} unchanged`,
    /** @param {string} bytes */
    sent: (bytes) => `${bytes} bytes, digests match.`,
    running: 'The running enclave reports that release',
    notAsked: 'Not connected, so it was not asked.',
    /** @param {string} version */
    runs: (version) => `Release ${version}: its own digests of worker and WebAssembly match.`,
    /** @param {string} version @param {string} published */
    runsOther: (version, published) =>
      `Release ${version}, which this app pins too: its own digests of worker and WebAssembly ` +
      `match. The server publishes ${published} by now, which a new connection gets.`,
    enforced: 'The browser enforces the release',
    isEnforced: 'It was told to run nothing in the frame but the pinned scripts.',
    notInWebcat: 'Not in the page for WEBCAT, whose worker no browser compares with a digest.',
    notEnforced: 'Not in this browser or not for this connection: it runs what the server sends.',
    extension: 'An extension enforces the release',
    unseen: 'A page cannot see whether WEBCAT is installed and knows this host: its icon says so.',
    headers: 'The server sends the headers of the release',
    headersUnread: 'A page cannot read them all. `enclave-shell verify` in a terminal does.',
    vouched: 'Signers, a public log and witnesses vouch for the release',
    notVouched: 'This app pins the release itself, so they were not asked.',
    before: 'It held; the check ended later.',
    after: 'The check ended before.',
  },

  /** Questions of the verifier by a policy: what is asked, and what is known once it holds. */
  phase: {
    policy: {
      title: 'This app says whose word counts, and this browser what it saw before',
      /** @param {string} origin */
      detail: (origin) => `The policy is for ${origin}.`,
    },
    revocations: {
      title: 'The release is not revoked',
      detail: () =>
        'The server’s list was read. What was revoked elsewhere and never shown here is not known.',
    },
    manifest: {
      title: 'The manifest is whole and of this enclave',
      /** @param {number} epoch @param {string} manifest */
      detail: (epoch, manifest) => `Release number ${epoch}, ${manifest}.`,
    },
    signers: {
      title: 'Its signers have signed the release',
      /** @param {number} threshold @param {string} names */
      detail: (threshold, names) => `At least ${threshold} of ${names}.`,
    },
    log: {
      title: 'A public log has signed that it holds what it shows',
      /** @param {string} log @param {number} size */
      detail: (log, size) => `The log ${log}, with ${size} entries.`,
    },
    witnesses: {
      title: 'Witnesses have seen the public log in that state',
      /** @param {string} names @param {string} time */
      detail: (names, time) => `Enough of ${names}, by ${time}.`,
    },
    inclusion: {
      title: 'The release is in the public log',
      /** @param {number} index @param {number} size @param {string} log */
      detail: (index, size, log) => `Entry ${index}, counted from 0, of ${size} in ${log}.`,
    },
    age: {
      title: 'The release has been public for long enough',
      /** @param {number} hours @param {string} time */
      detail: (hours, time) => `At least ${hours} hours, by this device’s clock, since ${time}.`,
    },
    growth: {
      title: 'The public log has only grown since this browser saw it',
      detail: () => 'It contradicts nothing that was seen here. In a new browser nothing was.',
    },
    order: {
      title: 'The release is not older than one that this browser saw',
      /** @param {number} epoch */
      detail: (epoch) => `Release number ${epoch} follows what was seen here.`,
    },
  },

  /** What a person does about a failure, by its kind. */
  advice: {
    unread:
      'Nothing is proved either way. Check the connection and verify again. If it stays like this, do not unlock.',
    changed:
      'Do not unlock here. What arrives is not the release that this app stands for. Try another device on ' +
      'another network, and tell the people who make this app.',
    app: 'This app is set up wrongly, or its enclave is. You cannot mend that: tell the people who make this app.',
    unvouched:
      'Do not unlock here. Those whose word this app asks for have not given it for this release. Tell the ' +
      'people who make this app.',
    forged:
      'Do not unlock here. Something was altered on its way or made up. Try another network, and tell the ' +
      'people who make this app.',
    history:
      'Do not unlock here. You are shown another past than the one that was seen before. Keep this report: ' +
      'it may be the proof of an attack. Tell the people who make this app.',
    revoked: 'Never unlock with this release. Reload the app; if this stays, tell the people who make it.',
    young:
      'Wait and verify again later. A release has to be public for some time first, so that somebody can ' +
      'notice a bad one.',
    clock: 'Look at the clock of this device. If it is right, do not unlock, and tell the people who make this app.',
  },

  /** What a failure means, by its code. */
  failure: {
    no_answer: 'No answer in time.',
    not_fetched: 'It could not be fetched.',
    bad_status: 'The server has answered that it has no such file, or that it failed.',
    broken_off: 'The transfer broke off.',
    unreadable: 'It could not be read.',
    too_large: 'It is larger than it may be.',
    elsewhere: 'It lies on another server.',
    other_manifest: 'Its manifest is not the pinned one.',
    unknown_manifest: 'Its manifest has an unknown form.',
    pin_contradicted: 'Its manifest contradicts the pinned release.',
    other_bytes: 'Its bytes are not those of the release.',
    other_media_type: 'It is sent as another kind of file.',
    other_release_runs: 'It reports another release.',
    other_worker_runs: 'It reports another worker.',
    other_wasm_runs: 'It reports another WebAssembly module.',
    kit_unavailable: 'The verifier could not be loaded.',
    kit_forbidden:
      "This page does not let the verifier run: its own policy lacks script-src 'wasm-unsafe-eval'.",
    files_unreachable: 'What the server has to say about its release could not be fetched.',
    mark_unavailable: 'This browser does not let the page remember what it saw.',
    policy_form: 'The list of those whose word counts cannot be read.',
    policy_rule: 'The list of those whose word counts breaks a rule.',
    mark_form: 'What this browser remembers of earlier releases cannot be read.',
    mark_origin: 'What this browser remembers is of another enclave.',
    revocation_form: 'A revocation cannot be read.',
    revocation_signature: 'A signature under a revocation is wrong.',
    revocation_unsigned: 'Too few signers have signed a revocation.',
    revocation_origin: 'A revocation is of another enclave.',
    revocations_missing: 'The server keeps its list of revoked releases back.',
    revoked: 'The signers have revoked this release: it must not run.',
    manifest_too_long: 'The manifest is too long.',
    manifest_form: 'The manifest cannot be read.',
    manifest_spelling: 'The manifest is not written in its one spelling.',
    manifest_rule: 'The manifest breaks a rule.',
    manifest_origin: 'The manifest is of another enclave.',
    proof_form: 'The proof next to the manifest cannot be read.',
    statement_missing: 'The proof does not say what the signers have signed.',
    statement_form: 'What the signers are said to have signed cannot be read.',
    statement_kind: 'What the signers have signed is about something else than a release.',
    statement_signature: 'A signature under the release is wrong.',
    statement_unsigned: 'Too few signers have signed this release.',
    statement_manifest: 'The signers have signed another manifest.',
    statement_origin: 'The signers have signed for another enclave.',
    statement_epoch: 'The signers have signed another number of the release.',
    statement_version: 'The signers have signed another version.',
    statement_previous: 'The signers name another release before this one.',
    log_unknown: 'The release stands in no public log that this app trusts.',
    log_signature: 'The signature of the public log is wrong.',
    checkpoint_form: 'The state of the public log cannot be read.',
    witness_signature: 'The signature of a witness is wrong.',
    quorum_missing: 'Too few witnesses have seen the public log in this state.',
    index_out_of_range: 'The public log is too short to have the release where it is said to be.',
    proof_truncated: 'The proof that the release is in the public log has a part missing.',
    proof_padded: 'The proof that the release is in the public log has a part too much.',
    not_included: 'The release is not in the public log.',
    from_the_future: 'The witnesses have signed at a time that has not come yet.',
    too_young: 'The release has not been public for long enough.',
    log_replayed: 'The state of the public log is older than one that was seen here.',
    log_split: 'The public log shows this browser another content than before.',
    growth_missing: 'It is not proved that the public log has only grown since it was seen here.',
    growth_form: 'The proof that the public log has only grown cannot be read.',
    log_forked: 'The public log has changed what it said before.',
    rollback: 'The release is older than one that was seen here.',
    epoch_split: 'Another release with the same number was seen here.',
    previous_mismatch: 'The release does not follow the one that was seen here.',
  },

  /** What a result does not show. */
  notProven: {
    unenforcedWebcat:
      'Nothing seen here forces this browser to run these files. Where the extension WEBCAT is ' +
      'installed and knows this host it does; a page cannot see that, the extension’s icon says it.',
    unenforced:
      'Nothing here forces this browser to run these files. Firefox and Safari cannot yet be told ' +
      'to; Chrome and Edge can.',
    otherFiles:
      'A dishonest server can tell this check from the frame itself and send other files to each, ' +
      'or other files to other people.',
    otherWords:
      'That the words in the frame are right: the browser lets no other code run there, but a ' +
      'dishonest server could put other words around it.',
    asked:
      'What the running enclave reports of itself proves nothing alone: changed code could report ' +
      'the same.',
    remembered:
      'What this browser remembers of earlier times: this page keeps it, so this page can change it.',
    several:
      'That everybody gets the newer of the pinned releases: whoever serves them chooses, and could ' +
      'run parts of both.',
    newer:
      'That there is no newer release, or no revocation that was never shown here: who is kept from ' +
      'seeing it cannot know.',
    lookedAt:
      'That somebody looked at the public log, or at the release: it only makes looking possible.',
    goodByPolicy:
      'That the release is good: it is one that its signers made public. Whether it comes from the ' +
      'published source, only a rebuild shows.',
    goodByPin:
      'That the release is good: this compares bytes with what this app pinned. Whether those come ' +
      'from the published source, only a rebuild shows.',
    drawn: 'That this page, this browser and its extensions are honest: they draw this very result.',
  },
};
