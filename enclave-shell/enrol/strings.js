// Every text of the enrolment page, in one place.

const TEXT = Object.freeze({
  title: 'Create a passkey',
  explain: 'Your browser keeps this passkey for your key vault. It opens nothing else.',
  where: 'It belongs to',
  name: 'ATS KMS vault',
  submit: 'Create passkey',
  again: 'Try again',
  busy: 'Follow your browser\u2019s prompt\u2026',
  back:
    'Go back to the page you came from and choose \u201cI have a passkey already\u201d. ' +
    'You can close this tab.',
  /** @param {string} version */
  footer: (version) => `ATS KMS ${version} \u00b7 served by ${location.host}`,

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
        'Nothing here can keep a passkey that checks who you are. Turn on your device\u2019s ' +
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
});
