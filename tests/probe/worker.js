// Test builds only: what a test may ask of the worker, over the channel to its own frame.

const probe = {
  /** The wasm memory of this worker. @type {WebAssembly.Memory | null} */
  memory: null,
  /** Secrets that the wasm reported: label, masked bytes, mask. A plain copy would be found. */
  needles: [],
  post: self.postMessage.bind(self),
  random: crypto.getRandomValues.bind(crypto),
  /** Milliseconds that the clocks of this worker are ahead. */
  ahead: 0,
};

/** Pages of a key derivation on a small device: enough for 19 MiB, too few for 64. */
const LITTLE_MEMORY = 480;

WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(target, [{ initial, maximum }]) {
    const little = lacks('worker:memory') && lacks('ats-kms-kdf');
    const pages = little ? Math.min(maximum, LITTLE_MEMORY) : maximum;
    probe.memory = new target({ initial, maximum: pages });
    return probe.memory;
  },
});

for (const [clock, now] of [[Date, Date.now], [Performance.prototype, Performance.prototype.now]]) {
  clock.now = function () {
    return now.call(this) + probe.ahead;
  };
}

/**
 * Called by the wasm for every secret it makes.
 * @param {string} label
 * @param {Uint8Array} bytes
 */
globalThis.probeNote = (label, bytes) => {
  // What is empty is found everywhere.
  if (bytes.length === 0) return;
  const mask = probe.random(new Uint8Array(bytes.length));
  probe.needles.push({ label, mask, masked: bytes.map((byte, i) => byte ^ mask[i]) });
};

/** Bytes of a secret that are worth finding without the others. */
const PROBE_TAIL = 16;

/**
 * Where the part of a secret begins that tells it has been left behind: an allocator writes over the
 * first words of what it was given back, and may leave the rest.
 */
const probeTail = (length) => length - Math.min(length, Math.max(PROBE_TAIL, Math.ceil(length / 2)));

/**
 * Which needles occur where in the bytes, looked for by what follows `start`; nothing is unmasked for
 * the search.
 */
function probeSearch(bytes, start) {
  const found = [];
  for (const [number, { label, mask, masked }] of probe.needles.entries()) {
    const from = start(masked.length);
    const sought = masked.subarray(from);
    const first = mask[from] ^ masked[from];
    for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
      if (sought.every((byte, i) => bytes[at + i] === (byte ^ mask[from + i]))) {
        found.push(`${label} ${number} at ${at}`);
      }
    }
  }
  return found;
}

/** Whether the bytes of a text occur. */
function probeHolds(bytes, text) {
  const sought = new TextEncoder().encode(text);
  for (let at = bytes.indexOf(sought[0]); at >= 0; at = bytes.indexOf(sought[0], at + 1)) {
    if (sought.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}

const PROBE_GONE = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'WebTransport',
  'importScripts', 'eval', 'Worker', 'SharedWorker', 'BroadcastChannel', 'caches'];

/** What may be asked. Each answer is plain data. */
const PROBES = {
  scope: () => ({
    kind: Object.prototype.toString.call(self).slice(8, -1),
    secure: isSecureContext,
    origin: self.origin,
    scheme: location.protocol,
    address: location.href,
    reachable: PROBE_GONE.filter((name) => name in self),
    frozen: Object.isFrozen(SubtleCrypto.prototype) && Object.isFrozen(Object.prototype),
    memory: probe.memory.buffer.byteLength,
    grows: probeGrows(),
  }),
  /** Which secrets lie in wasm memory now, and which of some texts (a list as JSON). */
  scan: (texts) => ({
    needles: probe.needles.map(({ label, mask }) => `${label} of ${mask.length}`),
    found: probeSearch(new Uint8Array(probe.memory.buffer), probeTail),
    texts: JSON.parse(texts).filter((text) => probeHolds(new Uint8Array(probe.memory.buffer), text)),
  }),
  /**
   * Which secrets lie in bytes that left the enclave: all of one, since a site is told what stands in
   * its own entries of the log.
   */
  search: (bytes) => ({ needles: probe.needles.length, found: probeSearch(bytes, () => 0) }),
  /** Lets time pass at once. */
  pass: (ms) => {
    probe.ahead += ms;
  },
  alive: () => true,
  /** Runs one of the functions that only the probe build exports. */
  call: ({ name, argument }) => wasm_bindgen[name](argument),
  throw: () => {
    throw new Error('probe');
  },
  hang: () => {
    for (;;);
  },
};

function probeGrows() {
  try {
    probe.memory.grow(1);
    return true;
  } catch {
    return false;
  }
}

// Before the worker's own listener, which never sees these.
self.addEventListener('message', (event) => {
  const { data } = event;
  if (typeof data?.probe !== 'string') return;
  event.stopImmediatePropagation();
  const { probe: name, argument, id } = data;
  // Without an id nobody waits, and whatever is thrown is the worker's own uncaught error.
  if (id === undefined) {
    PROBES[name](argument);
    return;
  }
  Promise.resolve(argument)
    .then((value) => PROBES[name](value))
    .then((result) => probe.post({ probed: id, result }))
    .catch((error) => probe.post({ probed: id, error: String(error) }));
});
