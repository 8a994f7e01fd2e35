// The handshake: one client, the page that embeds this frame, and only from the list of the
// release. After it the port lives in the worker and this thread is not on the path.

const channel = {
  /** @type {Client | null} */
  client: null,
  /** @type {Worker | null} */
  worker: null,
  /** Why nobody is served any more. @type {Refusal | null} */
  refusal: null,
  refused: 0,
};

/**
 * True when the object has exactly these keys.
 * @param {unknown} value
 * @param {string[]} keys
 * @returns {value is Record<string, unknown>}
 */
function hasExactly(value, keys) {
  if (typeof value !== 'object' || value === null) return false;
  const own = Object.keys(value);
  return own.length === keys.length && keys.every((key) => own.includes(key));
}

/**
 * @param {unknown} data
 * @returns {data is Connect}
 */
function isConnect(data) {
  if (!hasExactly(data, ['kind', 'protocol', 'nonce'])) return false;
  const { protocol, nonce } = data;
  return (
    hasExactly(protocol, ['min', 'max']) &&
    Number.isSafeInteger(protocol.min) &&
    Number.isSafeInteger(protocol.max) &&
    typeof nonce === 'string' &&
    /^[A-Za-z0-9_-]{22}$/.test(nonce)
  );
}

/**
 * The checks of a handshake, in the order of the protocol; a name for the first that fails.
 * @param {MessageEvent} event
 * @returns {RefusalCode | null}
 */
function whyRefused(event) {
  if (!isConnect(event.data)) return 'invalid_request';
  if (!RELEASE.embedders.includes(event.origin)) return 'origin_refused';
  if (event.source !== window.parent || window.parent === window) return 'origin_refused';
  const ancestors = location.ancestorOrigins;
  // An engine may hide the name as `null` (`referrerpolicy` of the frame element), never the depth.
  if (ancestors && (ancestors.length !== 1 || ![event.origin, 'null'].includes(ancestors[0] ?? '')))
    return 'origin_refused';
  if (channel.client !== null) return 'already_connected';
  if (event.ports.length !== 1) return 'invalid_request';
  const { min, max } = event.data.protocol;
  if (min > RELEASE.protocol || max < RELEASE.protocol) return 'protocol_version';
  return null;
}

/** @param {MessageEvent} event */
function onHandshake(event) {
  const kind = typeof event.data === 'object' && event.data !== null ? event.data.kind : undefined;
  // Other messages belong to somebody else, a browser extension for one: no answer at all.
  if (kind !== 'ats-kms/connect') return;
  const code = whyRefused(event);
  if (code !== null) {
    refuse(event, code);
    return;
  }
  const port = /** @type {MessagePort} */ (event.ports[0]);
  // Bound before anything can wait: a second handshake finds the place taken.
  channel.client = {
    origin: event.origin,
    nonce: event.data.nonce,
    version: RELEASE.protocol,
    port,
  };
  serve();
}

/**
 * Counts a refusal, and answers the first one only.
 * @param {MessageEvent} event
 * @param {RefusalCode} code
 */
function refuse(event, code) {
  for (const port of event.ports) port.close();
  channel.refused += 1;
  document.documentElement.dataset.refused = String(channel.refused);
  if (channel.refused > 1 || event.origin === 'null' || event.source === null) return;
  event.source.postMessage({ kind: 'ats-kms/refused', code }, { targetOrigin: event.origin });
}

/** Hands the client to the enclave, or tells it why not, as soon as both are known. */
function serve() {
  const { client, worker, refusal } = channel;
  if (client === null) return;
  const { origin, nonce, version, port } = client;
  if (refusal !== null) {
    const { code, detail } = refusal;
    port.postMessage({ event: 'refused', data: detail === '' ? { code } : { code, detail } });
    port.close();
  } else if (worker !== null) {
    worker.postMessage({ kind: 'connect', origin, nonce, version }, [port]);
  }
}

/**
 * The enclave runs: from now on clients are handed over.
 * @param {Worker} worker
 */
function serveWith(worker) {
  channel.worker = worker;
  ui.answer = (answer) => {
    // What is absent is left out, and every byte string goes over for good.
    const members = Object.entries(answer).filter(([, value]) => value !== undefined);
    const bytes = members.map(([, value]) => value).filter((value) => value instanceof Uint8Array);
    worker.postMessage(
      Object.fromEntries(members),
      bytes.map(({ buffer }) => buffer),
    );
  };
  serve();
}

/**
 * The enclave never came to run: a waiting client, or one that comes later, is told on its port.
 * @param {Refusal} refusal
 */
function closeAtBoot(refusal) {
  channel.refusal = refusal;
  serve();
  showFault(refusal);
}

/** The enclave died while it served: its port is gone, so the page is told from here. */
function closeAfterCrash() {
  if (channel.refusal !== null) return;
  const refusal = new Refusal('enclave_crashed');
  channel.refusal = refusal;
  channel.worker?.terminate();
  channel.worker = null;
  // The enclave, which would have ended them, cannot any more.
  keepTools(null);
  if (channel.client) {
    window.parent.postMessage({ kind: 'ats-kms/fault', code: refusal.code }, channel.client.origin);
  }
  showFault(refusal);
}
