// Every text a person can read in the enclave, in its frame and on the page that creates a passkey.

const TEXT = Object.freeze({
  /** @param {string} version */
  footer: (version) => `ATS KMS ${version} · served by ${location.host}`,

  cancel: 'Cancel',
  back: 'Back',
  done: 'Done',
  show: 'Show',
  hide: 'Hide',
  showLabel: 'Show what I type',
  hideLabel: 'Hide what I type',
  account: 'ATS KMS vault',
  capsLock: 'Caps Lock is on.',
  passphrase: 'Passphrase',
  again: 'Passphrase again',
  slow: 'This takes a moment on purpose: it slows down guessing.',

  // Times and sizes.
  wait: Object.freeze({
    /** @param {number} seconds */
    seconds: (seconds) => `${seconds} s`,
    /** @param {number} minutes */
    minutes: (minutes) => `${minutes} min`,
    /** @param {number} minutes @param {number} seconds */
    both: (minutes, seconds) => `${minutes} min ${seconds} s`,
  }),
  span: Object.freeze({
    /** @param {number} count */
    minutes: (count) => (count === 1 ? '1 minute' : `${count} minutes`),
    /** @param {number} count */
    hours: (count) => (count === 1 ? '1 hour' : `${count} hours`),
    /** @param {number} count */
    days: (count) => (count === 1 ? '1 day' : `${count} days`),
  }),
  bytes: Object.freeze(['bytes', 'kB', 'MB', 'GB', 'TB']),

  // A way to unlock, and what a new one is called.
  kind: Object.freeze({
    passkey: 'Passkey',
    passphrase: 'Passphrase',
    'recovery-phrase': 'Recovery phrase',
  }),

  idle: Object.freeze({
    title: 'The enclave is running',
    body:
      'Nothing is asked of you. Keys are kept and used here, ' +
      'out of reach of the page around this frame.',
    lock: 'Lock the vault now',
    locked: 'The enclave was told to lock.',
  }),

  setup: Object.freeze({
    title: 'Create your vault',
    asks: 'wants to keep its keys in your vault.',
    explain: 'Keys are made in this browser and stay in it. Choose what opens your vault.',
    choices: 'What opens your vault',
    passkey: 'Your device, its fingerprint or face check, or a security key.',
    noPasskey: 'The page around this frame does not let it use passkeys.',
    passphrase: 'Something only you know, twelve characters or more.',
    phrase: '24 words to write down. They open a backup on any device too.',
    restore: 'Restore a backup',
    working: 'One moment…',
  }),

  setupPassphrase: Object.freeze({
    title: 'Choose a passphrase',
    asks: 'will keep its keys in your vault. It never learns your passphrase.',
    warnTitle: 'Nobody can reset it.',
    warn: 'Forget it, or clear this browser’s data, and the keys are gone. Make a backup.',
    submit: 'Create vault',
    busy: 'Creating…',
    working: 'Preparing your vault. This takes a moment on purpose: it slows down guessing.',
  }),

  addPassphrase: Object.freeze({
    title: 'Add a passphrase',
    explain: 'It will open this vault as the ways you have already do.',
    submit: 'Add passphrase',
    busy: 'Adding…',
    working: 'Adding it. This takes a moment on purpose: it slows down guessing.',
  }),

  setupPasskey: Object.freeze({
    title: 'Create a passkey',
    asks: 'will keep its keys in your vault. It never gets to use your passkey.',
    explain:
      'Your browser asks twice: once to create the passkey, once to show that it opens the vault.',
    warnTitle: 'Keep a second way.',
    warn: 'If the passkey is lost, only another way to unlock or a backup helps.',
    submit: 'Create passkey',
    busy: 'Waiting…',
    working: 'Preparing your vault.',
  }),

  addPasskey: Object.freeze({
    title: 'Add a passkey',
    explain:
      'Your browser asks twice: once to create the passkey, once to show that it opens the vault.',
    working: 'Adding it.',
  }),

  passkey: Object.freeze({
    prompt: 'Follow your browser’s prompt.',
    have: 'I have a passkey already',
    prove: 'Use the new passkey',
    proof: 'The passkey was created. Use it once to show that it opens your vault.',
    elsewhere: 'No prompt? Some browsers create passkeys only in a tab of their own.',
    open: 'Open this address in a new tab, create the passkey there, then come back:',
    enrolled: 'Created it? Press “I have a passkey already”.',
    /** @param {string} site */
    name: (site) => `ATS KMS vault for ${site}`,
  }),

  release: Object.freeze({
    titles: Object.freeze({
      newer: 'A newer release is running',
      older: 'An older release is running',
      other: 'Another release is running',
    }),
    asks: 'is the site whose vault this is.',
    explain:
      'The code that wants to open your vault is not the code that opened it last. That is so ' +
      'after an update. If you know of none, cancel, and compare the digests with those of the ' +
      'published manifest.',
    from: 'Opened it last',
    to: 'Running now',
    worker: 'Worker',
    wasm: 'Module',
    same: 'the same',
    /** @param {string} name */
    before: (name) => `${name}, before`,
    /** @param {string} name */
    now: (name) => `${name}, now`,
    manifest: 'Manifest',
    olderTitle: 'This is a step back.',
    older: 'An older release may have faults that were mended since. Nobody updates to one.',
    submit: 'Go on to unlock',
    warned: Object.freeze({
      deprecated: Object.freeze({
        screen: 'This release is to be replaced',
        title: 'The people who make it say: stop using this release.',
        body: 'Load the page again, or ask the site to update. What you do here is logged.',
      }),
      revoked: Object.freeze({
        screen: 'This release must not run',
        title: 'The people who make it have revoked this release.',
        body:
          'It may not be theirs, or it may give your keys away. It opens no vault. Your vault is ' +
          'safe where it is: come back when the site has updated.',
      }),
    }),
    submitWarned: 'Use this release all the same',
    busy: 'Continuing…',
    working: 'One moment…',
  }),

  unlock: Object.freeze({
    title: 'Unlock your vault',
    asks: 'wants to use its keys.',
    submit: 'Unlock',
    busy: 'Unlocking…',
    other: 'Other ways to unlock',
    explain: 'It stays in this enclave. The site only learns that you unlocked the vault.',
    passkey:
      'Your browser asks for your passkey. The site only learns that you unlocked the vault.',
    usePasskey: 'Use passkey',
    /** @param {string} kind @param {string} label */
    named: (kind, label) => `${kind} “${label}”`,
  }),

  why: Object.freeze({
    add: 'Unlock again before another way to unlock is added.',
    rename: 'Unlock again before the name is changed.',
    remove: 'Unlock again before a way to unlock is removed.',
    auto_lock: 'Unlock again before the times of automatic locking change.',
    backup: 'Unlock again before a backup is made.',
    drill: 'Unlock again before a backup is tried out.',
    reset: 'Unlock again before the vault can be deleted.',
    lease: 'The site asks to be allowed push messages for a time. Unlock again to see its terms.',
    revoke: 'Unlock again before push messages are no longer allowed.',
    enable_key: 'Unlock again before the key may be used again.',
    rotate_key: 'Unlock again before the key gets a new version.',
    raise_key: 'Unlock again before old versions of the key may no longer be used.',
    trim_key: 'Unlock again before old versions of the key are deleted.',
    delete_key: 'Unlock again before the key waits for its deletion.',
  }),
  whyTitle: 'Is it you?',
  whyAsks: 'is the site whose vault this is.',
  whySubmit: 'Continue',

  phrase: Object.freeze({
    title: 'Your recovery phrase',
    asks: 'is the site whose vault these words open.',
    explain: 'Write these 24 words on paper, in this order. Three of them are asked for next.',
    warnTitle: 'Whoever has the words has your keys.',
    warn: 'Keep them away from screens and cameras. They are not shown again.',
    list: 'Words of the recovery phrase',
    submit: 'I have written them down',
    busy: 'Continuing…',
  }),

  confirmPhrase: Object.freeze({
    title: 'Check what you wrote',
    explain: 'Type three of the words as you wrote them down.',
    /** @param {number} position */
    word: (position) => `Word ${position}`,
    submit: 'Confirm',
    busy: 'Confirming…',
    working: 'Checking the words.',
  }),

  entry: Object.freeze({
    label: 'Recovery phrase',
    legend: 'Words of the recovery phrase',
    grid: 'Word by word',
    whole: 'All in one',
    empty: 'Type or paste all 24 words.',
    /** @param {number} count */
    count: (count) => `${count} of 24 words`,
    /** @param {number} count */
    short: (count) => `A recovery phrase has 24 words; these are ${count}.`,
  }),

  manage: Object.freeze({
    title: 'Your vault',
    asks: 'is the site whose vault this is.',
    keysTitle: 'Keys and log',
    keys: 'Show keys',
    audit: 'Show log',
    ways: 'Ways to unlock',
    add: 'Add a way to unlock',
    rename: 'Rename',
    remove: 'Remove',
    save: 'Save',
    keep: 'Keep',
    name: 'New name',
    /** @param {string} label */
    renameOf: (label) => `Rename ${label}`,
    /** @param {string} label */
    removeOf: (label) => `Remove ${label}`,
    /** @param {string} label */
    sure: (label) => `Remove “${label}”? It will no longer open this vault.`,
    only: 'The only way to unlock cannot be removed.',
    /** @param {string} day */
    added: (day) => `added ${day}`,
    /** @param {string} day */
    used: (day) => `last used ${day}`,
    locking: 'Automatic locking',
    idle: 'When nothing is done for',
    absolute: 'In any case after',
    saveTimes: 'Save times',
    backups: 'Backups',
    /** @param {string} day */
    lastBackup: (day) => `Last backup: ${day}.`,
    /** @param {string} day */
    lastDrill: (day) => `Last tried out: ${day}.`,
    noBackup: 'There is no backup yet.',
    noBackupMore: 'If this browser’s data is cleared, the keys are gone.',
    noDrill: 'It has never been tried out whether a backup opens.',
    backup: 'Make a backup',
    drill: 'Try out a backup',
    storage: 'Storage',
    persisted: 'The browser has promised not to clear the vault by itself.',
    evictable: 'The browser may clear the vault when it runs out of space. Keep a backup.',
    unknown: 'This browser does not tell whether it may clear the vault.',
    partitioned: 'The vault belongs to this site alone: under another site there is another one.',
    /** @param {string} used @param {string} quota */
    usage: (used, quota) => `${used} of ${quota} used.`,
    danger: 'Delete',
    reset: 'Delete this vault',
    resetMore: 'All keys in this browser are lost. You are asked again.',
    working: 'One moment…',
  }),

  backup: Object.freeze({
    title: 'Make a backup',
    asks: 'is the site whose vault goes into the backup.',
    explain:
      'One encrypted file that brings back the whole vault in any browser. ' +
      'Choose what will open it.',
    legend: 'What opens the backup',
    phrase: 'My recovery phrase',
    passphrase: 'A passphrase of its own',
    field: 'Passphrase of the backup',
    fieldAgain: 'Passphrase of the backup again',
    none: 'Choose at least one way to open the backup.',
    submit: 'Make backup',
    busy: 'Making…',
    working: 'Encrypting the vault. This may take a moment.',
  }),

  backupReady: Object.freeze({
    title: 'Save your backup',
    explain:
      'Keep the file where you would find it without this device. ' +
      'It is encrypted; nobody opens it without what you chose.',
    save: 'Save file',
    submit: 'I have saved it',
    busy: 'Finishing…',
    first: 'Save the file first.',
  }),

  restore: Object.freeze({
    title: 'Restore a backup',
    asks: 'will use the vault that the backup brings back.',
    explain: 'Nothing is changed until you have seen what is in the file.',
    file: 'Backup file',
    legend: 'What opens it',
    passphrase: 'Its passphrase',
    phrase: 'The recovery phrase',
    noFile: 'Choose the backup file.',
    large: 'This file is larger than 512 MiB. No backup above that is read.',
    submit: 'Open backup',
    busy: 'Opening…',
    working: 'Opening the backup. This may take a moment.',
  }),

  drill: Object.freeze({
    title: 'Try out a backup',
    asks: 'is the site whose vault the backup should bring back.',
    explain: 'The file is opened and read to its end. Nothing is changed.',
    submit: 'Try it out',
    busy: 'Trying…',
    working: 'Reading the backup. This may take a moment.',
  }),

  confirmRestore: Object.freeze({
    title: 'Restore this backup?',
    asks: 'will use the vault that the backup brings back.',
    created: 'Made',
    keys: 'Keys',
    entries: 'Log entries',
    explain: 'What opened the file opens the vault in this browser from now on.',
    newerTitle: 'There is a later backup.',
    /** @param {string} time */
    newer: (time) =>
      `This browser made a later backup on ${time}. ` +
      'Keys and log entries that are only in that one will be missing.',
    submit: 'Restore',
    submitOlder: 'Restore the older backup',
    busy: 'Restoring…',
    working: 'Writing the vault. Keep this page open.',
  }),

  reset: Object.freeze({
    title: 'Delete this vault?',
    asks: 'loses the keys in this vault.',
    warnTitle: 'This cannot be undone.',
    warn: 'Every key in this browser is deleted. Only a backup brings them back.',
    word: 'DELETE',
    label: 'Type DELETE to go on',
    check: 'Type the word DELETE in capital letters.',
    submit: 'Delete vault',
    busy: 'Deleting…',
    working: 'Deleting the vault.',
  }),

  lease: Object.freeze({
    title: 'Allow push messages?',
    asks: 'wants to sign push messages without asking you each time.',
    explain: 'The site is issued tokens with which push messages can be sent to you in its name.',
    services: 'Through',
    life: 'For',
    /** @param {string} time @param {string} end */
    until: (time, end) => `${time}, until ${end}`,
    tokens: 'At most',
    /** @param {number} count */
    count: (count) => (count === 1 ? '1 token' : `${count} tokens, each for 15 minutes`),
    sender: 'Sender',
    noSender: 'Not named',
    key: 'With the key',
    noName: 'A key without a name',
    warnTitle: 'You can end this at any time.',
    warn: 'Open the page of your vault and choose Revoke. Tokens are only issued while it is unlocked.',
    submit: 'Allow',
    busy: 'Allowing…',
    working: 'Noting it down.',
  }),

  extendLease: Object.freeze({
    title: 'Go on allowing push messages?',
    asks: 'wants to go on signing push messages without asking you each time.',
    explain: 'What you allowed before is replaced by these terms.',
    submit: 'Go on allowing',
    busy: 'Allowing…',
    working: 'Noting it down.',
  }),

  leases: Object.freeze({
    title: 'Push messages',
    none: 'No site may sign push messages without asking you.',
    /** @param {string} services */
    messages: (services) => `Push messages through ${services}`,
    /** @param {string} site */
    site: (site) => `by ${site}`,
    /** @param {string} time */
    ends: (time) => `until ${time}`,
    /** @param {number} used @param {number} tokens */
    used: (used, tokens) => `${used} of ${tokens} tokens used`,
    revoke: 'Revoke',
    /** @param {string} services */
    revokeOf: (services) => `Revoke push messages through ${services}`,
  }),

  keys: Object.freeze({
    title: 'Keys',
    explain: 'Every key in this vault, of whichever site.',
    none: 'There is no key in this vault yet.',
    pages: 'Pages',
    before: 'Previous page',
    more: 'Next page',
    /** @param {string} start */
    unnamed: (start) => `Key ${start}…`,
    stray: 'A record without the name of a key',
    unreadable: 'It cannot be read: it is damaged or was altered.',
    /** @param {string} day */
    created: (day) => `created ${day}`,
    /** @param {string} day */
    rotated: (day) => `rotated ${day}`,
  }),

  spec: Object.freeze({
    ed25519: 'Ed25519 signatures',
    'ec-p256': 'ECDSA P-256 signatures',
    x25519: 'X25519 key agreement',
    'ec-p256-agreement': 'ECDH P-256 key agreement',
    'aes-256': 'AES-256 encryption',
    'hmac-sha256': 'HMAC-SHA-256 codes',
    'hpke-x25519': 'HPKE X25519 sealing',
    'hpke-x-wing': 'HPKE X-Wing sealing (post-quantum)',
  }),

  protection: Object.freeze({
    browser: 'held by the browser',
    enclave: 'held by the enclave',
  }),

  keyState: Object.freeze({
    enabled: 'Enabled',
    disabled: 'Disabled',
    'pending-deletion': 'Waits for its deletion',
    destroyed: 'Destroyed',
  }),

  usage: Object.freeze({
    sign: 'making signatures',
    jwt: 'signing tokens',
    verify: 'checking signatures',
    vapid: 'push messages that you allowed',
    approve: 'approving what workloads ask for',
    encrypt: 'encrypting',
    decrypt: 'decrypting',
    data_key: 'wrapping data keys for its sites',
    data_key_plaintext: 'giving data keys to its sites',
    mac: 'making authentication codes',
    verify_mac: 'checking authentication codes',
    derive: 'deriving keys of this vault',
    agree: 'agreeing on keys with others',
    wrap: 'wrapping keys that may leave',
    unwrap: 'unwrapping keys into the vault',
    import: 'receiving keys that are sealed to it',
    export: 'leaving the vault, to whomever its sites name',
    seal: 'sealing to its public half',
    open: 'opening what was sealed to it',
  }),

  policy: Object.freeze({
    /** @param {string} site */
    owner: (site) => `${site} made the key and may use and change it.`,
    /** @param {string} sites */
    others: (sites) => `These sites may use it, too: ${sites}.`,
    /** @param {string} usage */
    usage: (usage) => `It is for ${usage}, and for nothing else.`,
    and: ' and ',
    /** @param {string} day */
    notBefore: (day) => `It cannot be used before ${day}.`,
    /** @param {string} day */
    notAfter: (day) => `It cannot be used from ${day} on.`,
    /** @param {number} most @param {number} uses */
    maxUses: (most, uses) => `It can be used ${most} times in all; ${uses} are counted.`,
    /** @param {number} uses @param {string} time */
    rate: (uses, time) => `It can be used ${uses} times in ${time}.`,
    /** @param {string} typ @param {string} time */
    tokens: (typ, time) => `Its tokens are of the type ${typ} and live ${time} at most.`,
    /** @param {string} audiences */
    audiences: (audiences) => `They are for ${audiences}, and for nobody else.`,
    /** @param {string} claims */
    saidAlways: (claims) => `Every one of them says ${claims}.`,
    /** @param {string} claims */
    claims: (claims) => `Its sites choose what they say of ${claims}.`,
    saidNothing: 'Its sites choose nothing of what they say.',
    /** @param {string} name @param {'text' | 'number' | 'boolean' | 'texts'} type @param {boolean} always */
    claim: (name, type, always) => {
      const types = { text: 'a text', number: 'a number', boolean: 'yes or no', texts: 'texts' };
      return `${name} (${types[type]}${always ? ', always there' : ''})`;
    },
    confirmed: 'You are asked before each use, and see what it is for.',
    audit: Object.freeze({
      durable: 'Each use is in the log before its result is given out.',
      deferred: 'Each use is in the log within a quarter of a second.',
    }),
    fixed: 'None of this can be changed.',
  }),

  key: Object.freeze({
    policy: 'Who may do what',
    state: 'State',
    spec: 'Kind',
    protection: 'Private key',
    secret: 'Secret key',
    created: 'Created',
    alias: 'Name for programs',
    disable: 'Disable',
    enable: 'Enable',
    rotate: 'Rotate',
    disabledTitle: 'This key is disabled.',
    disabled: 'No site can use it until you enable it again.',
    deletion: 'To be destroyed',
    waitingTitle: 'This key waits for its deletion.',
    waiting: 'No site can use it. You, or the site that made it, can still cancel the deletion.',
    keep: 'Cancel deletion',
    deleteTitle: 'Delete the key',
    deleteMore:
      'No site can use it from then on. It is destroyed once the time is over and you have unlocked the vault on as many days. Until then you can cancel.',
    deleteAfter: 'Destroy it after',
    /** @param {number} days */
    days: (days) => `${days} days`,
    remove: 'Delete key',
    destroyedTitle: 'This key is destroyed.',
    destroyed: 'It can never be used again. What it was stays here for the log.',
    versions: 'Versions',
    /** @param {number} number */
    version: (number) => `Version ${number}`,
    /** @param {string} day */
    made: (day) => `made ${day}`,
    retired: 'no longer used',
    raise: 'Save minimum versions',
    trim: 'Delete versions no longer used',
    public: 'Public key',
    publicMore: 'It may be given to anybody.',
    format: 'Format',
    which: 'Of version',
    logTitle: 'What was done with it',
    log: 'Show log of this key',
  }),

  // What versions of a key do, by what the key is for.
  versions: Object.freeze({
    sign: Object.freeze({
      both: 'signs and verifies',
      old: 'verifies only',
      leastMake: 'Oldest that signs',
      leastRead: 'Oldest that verifies',
      order: 'What signs must also verify: choose an older version to verify with.',
      trimMore: 'What they signed can then never be verified here again.',
    }),
    encrypt: Object.freeze({
      both: 'encrypts and decrypts',
      old: 'decrypts only',
      leastMake: 'Oldest that encrypts',
      leastRead: 'Oldest that decrypts',
      order: 'What encrypts must also decrypt: choose an older version to decrypt with.',
      trimMore: 'What they encrypted can then never be decrypted again.',
    }),
    mac: Object.freeze({
      both: 'makes and checks codes',
      old: 'checks codes only',
      leastMake: 'Oldest that makes codes',
      leastRead: 'Oldest that checks codes',
      order: 'What makes codes must also check them: choose an older version to check with.',
      trimMore: 'The codes that they made can then never be checked again.',
    }),
    agree: Object.freeze({
      both: 'agrees on keys',
      old: 'agrees on keys that were begun with it',
      leastMake: 'Oldest for new partners',
      leastRead: 'Oldest that agrees on keys',
      order: 'What is for new partners must also agree: choose an older version to agree with.',
      trimMore: 'Nobody can then agree on a key with them again.',
    }),
    seal: Object.freeze({
      both: 'seals and opens',
      old: 'opens only',
      leastMake: 'Oldest that seals',
      leastRead: 'Oldest that opens',
      order: 'What seals must also open: choose an older version to open with.',
      trimMore: 'What was sealed to them can then never be opened again.',
    }),
  }),

  logReady: Object.freeze({
    title: 'Save the log',
    /** @param {number} count */
    count: (count) => (count === 1 ? '1 entry' : `${count} entries`),
    explain:
      'The file says when which site used which key. It is not encrypted: keep it where others do not read it.',
    save: 'Save file',
    check: 'To check it',
    checkMore:
      'Note this key apart from the file. “enclave-shell audit verify” shows with it that nothing was changed, left out or added.',
  }),

  audit: Object.freeze({
    title: 'Log',
    export: 'Save as file',
    /** @param {number} count */
    count: (count) => (count === 1 ? '1 entry. State of the log:' : `${count} entries. State of the log:`),
    none: 'No entry here.',
    /** @param {number} seq */
    searched: (seq) => `Searched back to entry ${seq}. There is more before it.`,
    pages: 'Pages',
    before: 'Newer',
    more: 'Older',
    filter: 'Filter',
    all: 'All',
    groupLabel: 'Kind',
    group: Object.freeze({
      use: 'Use of keys',
      keys: 'Making and changing keys',
      vault: 'The vault',
    }),
    outcomeLabel: 'Outcome',
    outcome: Object.freeze({ done: 'Done', failed: 'Refused or failed' }),
    site: 'Site',
    keyLabel: 'Key',
    ok: 'Done',
    person: 'you, in the vault',
    enclave: 'the enclave',
    /** @param {string} what */
    approval: (what) => `Approval: ${what}`,
    /** @param {number} seq @param {string} time @param {string} who */
    about: (seq, time, who) => `No. ${seq} · ${time} · ${who}`,
    /** @param {string} name */
    key: (name) => `Key: ${name}`,
    authorization: Object.freeze({
      token: 'Token',
      challenge: 'Challenge',
      digest: 'SHA-256 of it',
      statement: 'Statement',
    }),
  }),

  method: Object.freeze({
    'keys.create': 'Key created',
    'keys.update': 'Key renamed',
    'keys.rotate': 'Key rotated',
    'keys.set_min_versions': 'Minimum versions raised',
    'keys.trim': 'Old versions deleted',
    'keys.enable': 'Key enabled',
    'keys.disable': 'Key disabled',
    'keys.schedule_deletion': 'Deletion of a key scheduled',
    'keys.cancel_deletion': 'Deletion of a key cancelled',
    'keys.destroy': 'Key destroyed',
    'keys.agree': 'Key agreed on',
    'keys.derive': 'Key derived',
    'keys.wrap': 'Key wrapped',
    'keys.unwrap': 'Key unwrapped',
    'keys.export': 'Key taken out',
    'keys.import': 'Key brought in',
    'keys.index': 'Index of keys built',
    'vault.clock': 'Clock looked at',
    'vapid.create_lease': 'Push messages allowed',
    'vapid.issue_token': 'Push token issued',
    'leases.extend': 'Push messages allowed for longer',
    'leases.revoke': 'Push messages no longer allowed',
    sign: 'Signature made',
    'jwt.sign': 'Token signed',
    'jwt.verify': 'Token checked',
    'poa.approve': 'Request of a workload approved',
    'poa.reject': 'Request of a workload rejected',
    'poa.revoke': 'Authorization revoked',
    'poa.rotate': 'Key of an approver replaced',
    verify: 'Signature checked',
    encrypt: 'Encrypted',
    decrypt: 'Decrypted',
    rewrap: 'Encrypted again',
    'streams.encrypt': 'Stream encrypted',
    'streams.decrypt': 'Stream decrypted',
    mac: 'Authentication code made',
    verify_mac: 'Authentication code checked',
    seal: 'Sealed',
    open: 'Opened',
    'data_keys.generate': 'Data key made',
    'data_keys.decrypt': 'Data key unwrapped',
    'vault.setup': 'Vault created',
    'vault.unlock': 'Vault unlocked',
    'vault.fresh_unlock': 'Unlocked again',
    'vault.release.deprecated': 'A release that is to be replaced opened the vault',
    'vault.release.revoked': 'A release was revoked',
    'vault.release.newer': 'A newer release opened the vault',
    'vault.release.older': 'An older release opened the vault',
    'vault.release.other': 'Another release opened the vault',
    'vault.lock': 'Vault locked',
    'vault.auto_lock': 'Vault locked by itself',
    'vault.settings': 'Times of locking changed',
    'vault.enrol.add': 'Way to unlock added',
    'vault.enrol.rename': 'Way to unlock renamed',
    'vault.enrol.remove': 'Way to unlock removed',
    'vault.backup': 'Backup made',
    'vault.drill': 'Backup tried out',
    'vault.restore': 'Backup restored',
  }),

  outcome: Object.freeze({
    not_found: 'Refused: no such key for this site',
    unreadable: 'Failed: the key cannot be read',
    invalid_key_state: 'Refused: the key is disabled',
    policy_denied: 'Refused by policy',
    version_not_found: 'Refused: no such version',
    too_many_versions: 'Refused: too many versions',
    invalid_key: 'Refused: not a valid key',
    log_stale: 'Refused: proof for another state of the broker’s log',
    log_forked: 'Refused: the broker’s log does not continue what was seen',
    invalid_ciphertext: 'Refused: it does not open',
    storage_conflict: 'Failed: changed at the same time',
    unlock_failed: 'Refused: it did not open the vault',
    user_cancelled: 'Cancelled',
    invalid_params: 'Refused: not possible',
    other: 'Refused or failed',
  }),

  approve: Object.freeze({
    title: 'Approve this?',
    asks: 'wants to use your key for this:',
    titleAll: 'Approve all of this?',
    /** @param {number} count */
    asksAll: (count) => `wants to use your keys ${count} times:`,
    does: Object.freeze({
      sign: 'Sign',
      'jwt.sign': 'Sign a token that says',
      encrypt: 'Encrypt',
      decrypt: 'Decrypt for the site',
      rewrap: 'Encrypt again with the latest version',
      'streams.encrypt': 'Encrypt a stream',
      'streams.decrypt': 'Decrypt a stream for the site',
      mac: 'Make an authentication code of',
      verify_mac: 'Check an authentication code of',
      open: 'Open for the site',
      'data_keys.generate': 'Make a data key',
      'data_keys.decrypt': 'Give the site a data key',
      'keys.agree': 'Agree on a new key',
      'keys.derive': 'Derive a new key',
      'keys.wrap': 'Let a key out, wrapped under another',
      'keys.unwrap': 'Unwrap a new key',
      'keys.export': 'Let the key out, sealed to somebody',
      'keys.import': 'Bring in a new key',
      'poa.approve': 'Allow a workload to do this once',
      'poa.reject': 'Reject what a workload asks for',
      'poa.revoke': 'Revoke what was allowed',
      'poa.rotate': 'Replace your key at a broker',
      other: 'Use',
    }),
    /** @param {string} label */
    named: (label) => `with the key “${label}”`,
    unnamed: 'with a key that has no name',
    content: 'What the key is used on',
    nothing: 'Nothing: the data is empty.',
    passkey: 'Your passkey approves this: the browser asks for it next.',
    /** @param {number} bytes */
    data: (bytes) => `${bytes === 1 ? '1 byte' : `${bytes} bytes`} of data that cannot be read here.`,
    scroll: 'Scroll each text to its end to go on.',
    /** @param {number} characters */
    cut: (characters) => `This is only the beginning: there are ${characters} characters.`,
    digest: 'SHA-256',
    blindTitle: 'You cannot see all of it.',
    blind: 'Approve only if you know what this is and trust the site with it.',
    /** @param {string} code */
    type: (code) => `Type ${code} to approve`,
    check: 'Type the four digits as they are shown.',
    submit: 'Approve',
    /** @param {number} count */
    submitAll: (count) => `Approve all ${count}`,
    busy: 'Approving…',
    working: 'One moment…',
    deny: 'Deny',
  }),

  hint: Object.freeze({
    /** @param {number} least */
    empty: (least) => `At least ${least} characters. A few words work well.`,
    /** @param {number} more */
    more: (more) => (more === 1 ? '1 more character.' : `${more} more characters.`),
    long: 'Too long.',
    differs: 'The two do not match yet.',
    matches: 'They match.',
    weak: 'Easy to guess. Make it longer.',
    fair: 'Could be stronger. Add a word.',
    good: 'Good.',
    strong: 'Very good.',
  }),

  check: Object.freeze({
    /** @param {number} least */
    short: (least) => `The passphrase needs at least ${least} characters.`,
    long: 'The passphrase is too long.',
    differs: 'The two passphrases are not the same.',
    empty: 'Type your passphrase.',
    words: 'Type all three words.',
    label: 'Type a name.',
  }),

  problem: Object.freeze({
    unlock_failed: 'That does not open this vault.',
    release_changed:
      'What this browser noted of the release was wrong or out of date. This is what the vault ' +
      'itself has kept.',
    release_deprecated: 'While you unlocked, this release was said to be replaced.',
    release_revoked: 'This release was revoked.',
    unlock_delayed: 'Too many wrong attempts.',
    weak_passphrase: 'The passphrase is too short or too long.',
    passkey_failed: 'The passkey was not used. Try again, or choose another way.',
    passkey_required: 'Only a passkey of this vault can approve this.',
    passkey_without_prf:
      'This passkey cannot open a vault: it does not make the secret that a vault needs ' +
      '(the PRF extension). Use another passkey, or another way.',
    passkey_known: 'This passkey opens the vault already.',
    phrase_invalid: 'These are not the 24 words of a recovery phrase. Check order and spelling.',
    phrase_mismatch: 'These are not the words that were asked for. Check what you wrote.',
    code_mismatch: 'That is not the code on the screen.',
    last_enrolment: 'The last way to unlock cannot be removed.',
    too_many_enrolments: 'There are as many ways to unlock as there may be. Remove one first.',
    backup_foreign: 'This file is not a backup of an ATS KMS vault.',
    backup_wrong_factor: 'That does not open this backup.',
    backup_truncated: 'The end of this backup is missing. Use another copy of the file.',
    backup_damaged: 'This backup is damaged or was altered. Use another copy of the file.',
    backup_other_vault: 'This is a backup of another vault.',
    backup_outdated: 'This file opens, but a later backup of this vault was made in this browser. Try that one.',
    backup_newer: 'A newer release than this one made this backup. Load the page again.',
    too_many_leases: 'There are as many permissions as there may be. Revoke one first.',
    lease_expired: 'What was allowed has ended. The site has to ask anew.',
    clock_set_back: 'The clock of this device is wrong. Set it right and try again.',
    invalid_params: 'That cannot be used. Change it and try again.',
    not_found: 'That is not there any more.',
    unreadable: 'This key cannot be read: it is damaged or was altered.',
    invalid_key_state: 'The state of the key does not allow this.',
    version_not_found: 'The key has no such version any more.',
    too_many_versions: 'The key has as many versions as it may. Delete old ones first.',
    policy_denied: 'The minimum versions of the key do not allow this.',
    already_initialized: 'There is a vault here already.',
    not_initialized: 'There is no vault here.',
    locked: 'The vault was locked. Unlock it first.',
    out_of_memory: 'The browser refused the memory this needs. Close some tabs and try again.',
    storage_unavailable: 'The browser’s storage cannot be used here.',
    storage_quota: 'The browser’s storage is full.',
    storage_conflict: 'Another tab changed the vault at the same time. Try again.',
    storage_lost: 'The connection to the browser’s storage was lost. Load the page again.',
    storage_unknown: 'It is not known whether the change was stored. Look before you try again.',
    vault_corrupt: 'Parts of the stored vault are missing, damaged or were altered.',
    device_key_lost: 'The key of this browser is missing; only a backup can restore the vault.',
    vault_newer: 'A newer release than this one used the vault last. Load the page again.',
    audit_corrupt: 'The vault’s log is damaged or was altered.',
    audit_unavailable: 'This could not be logged, so it was not done. Try again.',
    integrity_failure: 'The code that arrived is not the code of the release. It was not run.',
    other: 'That did not work. Try again.',
  }),
  /** @param {string} time */
  tryIn: (time) => `Try again in ${time}.`,
  retry: 'You can try again now.',
  covered:
    'Something covers this window, cuts it off or makes it see-through, so its buttons stay closed. ' +
    'Page zoom, a browser extension or the page itself may be the reason.',

  fault: Object.freeze({
    title: 'The enclave has stopped',
    unsupported_environment: 'This browser lacks something the enclave needs.',
    integrity_failure: 'The code that arrived is not the code of the release.',
    isolation_failure: 'The enclave is not as isolated as it must be here.',
    storage_unavailable: 'The browser’s storage cannot be used here.',
    enclave_crashed: 'It stopped unexpectedly and let go of every key.',
    other: 'It met a state that it cannot trust.',
    body: 'No key can be used until the page around this frame is loaded again.',
    code: 'Reason',
  }),

  // The page that creates a passkey in a tab of its own.
  enrol: Object.freeze({
    title: 'Create a passkey',
    explain: 'Your browser keeps this passkey for your key vault. It opens nothing else.',
    where: 'It belongs to',
    submit: 'Create passkey',
    again: 'Try again',
    busy: 'Follow your browser’s prompt…',
    back:
      'Go back to the page you came from and choose “I have a passkey already”. ' +
      'You can close this tab.',

    /** What each outcome is called, what it means, and whether another attempt makes sense. */
    outcome: Object.freeze({
      ready: Object.freeze({
        title: 'The passkey was created',
        body: 'It can open a vault.',
        tone: 'good',
      }),
      no_prf: Object.freeze({
        title: 'This passkey cannot open a vault',
        body:
          'It was created, but where it is kept lacks the PRF extension, which a vault needs. ' +
          'Delete it in your password manager or settings. Then try again and choose another ' +
          'place: your device itself, your phone or a newer security key. Or go back and use a ' +
          'passphrase or a recovery phrase.',
        tone: 'bad',
      }),
      cancelled: Object.freeze({
        title: 'No passkey was created',
        body: 'The prompt was closed, or its time ran out. Nothing was changed.',
        tone: 'fair',
      }),
      no_authenticator: Object.freeze({
        title: 'No passkey was created',
        body:
          'Nothing here can keep a passkey that checks who you are. Turn on your device’s ' +
          'screen lock or connect a security key with a PIN. Or go back and use a passphrase or ' +
          'a recovery phrase.',
        tone: 'fair',
      }),
      failed: Object.freeze({
        title: 'No passkey was created',
        body: 'The browser refused. Try again, or go back and use a passphrase or a recovery phrase.',
        tone: 'bad',
      }),
    }),

    refused: Object.freeze({
      title: 'No passkey can be created here',
      framed: 'This page works in a tab of its own only. Another page has put it in a frame.',
      elsewhere: 'This page was made for another address.',
      unsupported:
        'This browser has no passkeys. Go back and use a passphrase or a recovery phrase.',
    }),
  }),
});

/**
 * Looks a text up by a code from the enclave; a code without a text has the table's last resort.
 * @param {Readonly<Record<string, unknown>>} table
 * @param {string} code
 * @returns {string}
 */
function textOf(table, code) {
  const text = Object.hasOwn(table, code) ? table[code] : table.other;
  return typeof text === 'string' ? text : '';
}
