// Test builds only: what a browser may lack or refuse. A test names it in the name of the frame,
// which the frame gives to its workers; in every other frame nothing of this happens.

/**
 * Whether this scope is to lack something.
 * @param {string} what
 * @returns {boolean}
 */
const lacks = (what) => self.name.split(' ').includes(what);

/**
 * @param {object} object
 * @param {string} name
 */
const takeAway = (object, name) => Object.defineProperty(object, name, { value: undefined });

/**
 * Puts a function around a method.
 * @param {object} prototype
 * @param {string} name
 * @param {(own: Function, target: unknown, args: unknown[]) => unknown} around
 */
function intercept(prototype, name, around) {
  const own = prototype[name];
  prototype[name] = function (...args) {
    return around((...changed) => own.apply(this, changed), this, args);
  };
}

const isHandle = (value) => value instanceof CryptoKey;

const refuseHandle = (own, _, args) => {
  if (isHandle(args[0])) throw new DOMException('a key', 'DataCloneError');
  return own(...args);
};

const LACKS = {
  'no-indexeddb': () => takeAway(self, 'indexedDB'),
  'no-locks': () => takeAway(navigator, 'locks'),
  /** As an engine does to a frame whose storage is blocked. */
  'open-throws': () =>
    intercept(IDBFactory.prototype, 'open', () => {
      throw new DOMException('blocked', 'SecurityError');
    }),
  /** As an engine does whose storage process is stuck. */
  'open-hangs': () => intercept(IDBFactory.prototype, 'open', () => ({})),
  /** As WebKit does in Lockdown Mode. */
  'no-clone': () => intercept(self, 'structuredClone', refuseHandle),
  'put-throws': () => intercept(IDBObjectStore.prototype, 'put', refuseHandle),
  /** Ed25519 and X25519 are unknown, as they were in every engine for long. */
  'no-curve25519': () => {
    const unknown = (value) => value?.name === 'Ed25519' || value?.name === 'X25519';
    for (const name of ['generateKey', 'importKey', 'unwrapKey']) {
      intercept(SubtleCrypto.prototype, name, async (own, _, args) => {
        if (args.some(unknown)) throw new DOMException('unknown', 'NotSupportedError');
        return own(...args);
      });
    }
  },
  /** No key is taken from what it was wrapped in. */
  'unwrap-throws': () =>
    intercept(SubtleCrypto.prototype, 'unwrapKey', async () => {
      throw new DOMException('no', 'DataError');
    }),
  /** A handle that was stored is not restored. */
  'gives-no-handle': () => {
    const { get } = Object.getOwnPropertyDescriptor(IDBRequest.prototype, 'result');
    const withoutHandle = (value) => (isHandle(value) ? null : value);
    Object.defineProperty(IDBRequest.prototype, 'result', {
      get() {
        return withoutHandle(get.call(this));
      },
    });
  },
};

for (const [what, lack] of Object.entries(LACKS)) {
  const here = 'document' in self ? 'frame' : 'worker';
  if (lacks(`${here}:${what}`)) lack();
}
