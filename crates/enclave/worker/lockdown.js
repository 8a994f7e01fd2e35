// After the self-test nothing here may reach the network or turn text into code, and nothing may
// change what the language and the crypto API do. The policy forbids it already; this is the
// second lock, for an engine whose policy has a hole.

/** Globals that load, send, or run code, or reach another context. */
const REMOVED_GLOBALS = [
  // Network
  'fetch', 'fetchLater', 'XMLHttpRequest', 'XMLHttpRequestUpload', 'XMLHttpRequestEventTarget',
  'WebSocket', 'WebSocketStream', 'WebSocketError', 'EventSource', 'WebTransport',
  'WebTransportDatagramDuplexStream', 'WebTransportBidirectionalStream', 'WebTransportError',
  'Request', 'Response', 'Headers', 'FormData', 'FontFace', 'FontFaceSet', 'fonts',
  'RTCDataChannel', 'RTCEncodedAudioFrame', 'RTCEncodedVideoFrame', 'RTCRtpScriptTransformer',
  'RTCTransformEvent', 'RTCPeerConnection', 'TCPSocket', 'UDPSocket', 'TCPServerSocket',
  'BackgroundFetchManager', 'BackgroundFetchRegistration', 'PushManager', 'PushSubscription',
  // Code
  'eval', 'importScripts', 'Worker', 'SharedWorker', 'Worklet', 'trustedTypes',
  'TrustedTypePolicyFactory',
  // Other contexts and stores
  'BroadcastChannel', 'caches', 'Cache', 'CacheStorage', 'ServiceWorker',
  'ServiceWorkerContainer', 'ServiceWorkerRegistration', 'Notification', 'cookieStore',
  'CookieStore', 'SharedArrayBuffer',
  // Files, devices and media, none of which an enclave uses
  'FileReaderSync', 'FileReader', 'ImageDecoder', 'OffscreenCanvas', 'createImageBitmap', 'GPU',
  'HID', 'Serial', 'USB', 'webkitRequestFileSystem', 'webkitRequestFileSystemSync',
  'webkitResolveLocalFileSystemURL', 'webkitResolveLocalFileSystemSyncURL',
];

/** The same for the properties of `navigator`. */
const REMOVED_NAVIGATOR = [
  'serviceWorker', 'usb', 'hid', 'serial', 'bluetooth', 'gpu', 'ml', 'sendBeacon',
  'setAppBadge', 'clearAppBadge', 'mediaCapabilities', 'connection', 'storageBuckets',
];

/** Interfaces of the platform that the enclave relies on. */
const FROZEN_INTERFACES = [
  'Crypto', 'SubtleCrypto', 'CryptoKey', 'TextEncoder', 'TextDecoder', 'EventTarget', 'Event',
  'MessageEvent', 'MessageChannel', 'MessagePort', 'AbortController', 'AbortSignal', 'DOMException',
  'IDBFactory', 'IDBDatabase', 'IDBTransaction', 'IDBObjectStore', 'IDBIndex', 'IDBRequest',
  'IDBOpenDBRequest', 'IDBCursor', 'IDBCursorWithValue', 'IDBKeyRange', 'IDBVersionChangeEvent',
  'LockManager', 'Lock', 'StorageManager', 'Performance', 'WorkerNavigator', 'WorkerLocation',
];

/** Namespaces and functions of the language that are no constructors. */
const FROZEN_NAMESPACES = ['JSON', 'Math', 'Reflect', 'Atomics', 'Intl', 'WebAssembly', 'console'];

/** Constructors of the language; the rest hangs on their prototypes. */
const FROZEN_CONSTRUCTORS = [
  'Object', 'Array', 'ArrayBuffer', 'DataView', 'Promise', 'Proxy', 'Map', 'Set', 'WeakMap',
  'WeakSet', 'WeakRef', 'FinalizationRegistry', 'RegExp', 'String', 'Number', 'BigInt', 'Boolean',
  'Symbol', 'Date', 'Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError',
  'SyntaxError', 'TypeError', 'URIError', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray',
  'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array',
  'BigInt64Array', 'BigUint64Array', 'Iterator',
];

/**
 * Deletes a property wherever it stands on the object's chain.
 * @param {object} object
 * @param {string} name
 * @returns {boolean} whether it is gone
 */
function remove(object, name) {
  /** @type {object | null} */
  let holder = object;
  while (holder !== null) {
    Reflect.deleteProperty(holder, name);
    holder = Reflect.getPrototypeOf(holder);
  }
  return !(name in object);
}

/**
 * Cuts the way from any function to a constructor that compiles text.
 * `Function` stays as a name, for `instanceof`.
 */
function closeFunctionConstructors() {
  const refuse = function Function() {
    throw new TypeError('no code from text');
  };
  const samples = [
    refuse,
    async () => {},
    function* () {},
    async function* () {},
  ];
  for (const sample of samples) {
    const prototype = Reflect.getPrototypeOf(sample);
    if (prototype === null) continue;
    Object.defineProperty(prototype, 'constructor', { value: refuse, writable: false });
    freeze(prototype);
  }
  refuse.prototype = Reflect.getPrototypeOf(refuse);
  Object.defineProperty(globalThis, 'Function', { value: freeze(refuse), writable: false });
}

/**
 * @template T
 * @param {T} value
 * @returns {T}
 */
function freeze(value) {
  return Object.freeze(value);
}

/**
 * Freezes a constructor and its prototype.
 * @param {unknown} constructor
 */
function freezeClass(constructor) {
  if (typeof constructor !== 'function') return;
  if (typeof constructor.prototype === 'object' && constructor.prototype !== null) {
    freeze(constructor.prototype);
  }
  freeze(constructor);
}

function freezePrimordials() {
  const scope = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (globalThis));
  const iterators = [[], '', new Map(), new Set()].map((list) => list[Symbol.iterator]());
  const generator = (function* () {})();
  for (const start of [...iterators, generator, Uint8Array.prototype]) {
    // Each chain up to Object.prototype: shared iterator and typed-array prototypes have no name.
    let holder = Reflect.getPrototypeOf(start);
    while (holder !== null && holder !== Object.prototype) {
      freezeClass(Object.getOwnPropertyDescriptor(holder, 'constructor')?.value);
      holder = Reflect.getPrototypeOf(freeze(holder));
    }
  }
  for (const name of FROZEN_NAMESPACES) {
    const namespace = scope[name];
    if (typeof namespace !== 'object' || namespace === null) continue;
    for (const member of Object.values(Object.getOwnPropertyDescriptors(namespace))) {
      freezeClass(member.value);
    }
    freeze(namespace);
  }
  for (const name of [...FROZEN_INTERFACES, ...FROZEN_CONSTRUCTORS]) freezeClass(scope[name]);
}

/** Closes the worker for good, and refuses to go on where that does not work. */
function lockDown() {
  const kept = REMOVED_GLOBALS.filter((name) => !remove(globalThis, name));
  kept.push(...REMOVED_NAVIGATOR.filter((name) => !remove(navigator, name)));
  closeFunctionConstructors();
  freezePrimordials();
  if (!Object.isFrozen(SubtleCrypto.prototype)) kept.push('SubtleCrypto');
  if (!Object.isFrozen(Object.prototype)) kept.push('Object');
  if (kept.length > 0) throw new WorkerRefusal('isolation_failure', `kept ${kept.join(' ')}`);
}
