// What the client library does, done by hand, so that every step can be done wrongly.

/** Everything that reached this page's window, with the place it came from. */
export const heard = [];
addEventListener('message', ({ data, origin }) => heard.push({ data, origin }));

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Long enough for any answer that was ever going to come. */
export const QUIET_MS = 700;

/**
 * Embeds a page, as the client library embeds the enclave, and waits for it to load.
 * @param {string} url
 * @param {Record<string, string>} attributes
 */
export async function embed(url, attributes = {}) {
  const frame = document.createElement('iframe');
  const { origin } = new URL(url, location.href);
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-downloads');
  frame.allow = `publickey-credentials-get ${origin}; publickey-credentials-create ${origin}`;
  for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
  const loaded = new Promise((resolve, reject) => {
    frame.addEventListener('load', resolve);
    setTimeout(() => reject(new Error(`${url} did not load`)), 10_000);
  });
  frame.src = url;
  document.body.append(frame);
  await loaded;
  return frame;
}

export const hello = () => ({
  kind: 'ats-kms/connect',
  protocol: { min: 1, max: 1 },
  nonce: btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', ''),
});

/** One end of a channel that keeps all it hears. */
export class Line {
  heard = [];
  #waiting = [];

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.far = port2;
    port1.onmessage = ({ data }) => {
      this.heard.push(data);
      this.#waiting = this.#waiting.filter((wake) => !wake(data));
    };
  }

  /** The first message, past or future, that satisfies `test`; null after `ms`. */
  wait(test, ms = 5000) {
    const found = this.heard.find(test);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      setTimeout(() => resolve(null), ms);
      this.#waiting.push((data) => test(data) && (resolve(data), true));
    });
  }

  send(message, transfer = []) {
    this.port.postMessage(message, transfer);
  }

  /** Sends a request and waits for the reply with its id. */
  ask(method, params = {}, id = crypto.randomUUID()) {
    this.send({ id, method, params });
    return this.wait((data) => data.id === id, 30_000);
  }

  /** Sends any message and takes the next thing heard as its answer. */
  next(message, ms = 3000, transfer = []) {
    const before = this.heard.length;
    this.send(message, transfer);
    return this.wait((data) => this.heard.indexOf(data) >= before && !('event' in data), ms);
  }
}

/** Offers a new line to a window, with whatever message. */
export function offer(target, origin, message = hello()) {
  const line = new Line();
  target.postMessage(message, origin, [line.far]);
  return line;
}

export const isReady = (data) => data.event === 'ready';

/** An honest connection to start from. */
export async function connect(kms, attributes, path = '/') {
  const frame = await embed(`${kms}${path}`, attributes);
  const line = offer(frame.contentWindow, kms);
  const ready = await line.wait((data) => data.event === 'ready' || data.event === 'refused');
  if (ready?.event !== 'ready') throw new Error(`not ready: ${JSON.stringify(ready)}`);
  return { frame, line };
}

/** What the frame itself said to this window, by kind and code. */
export const frameSaid = (kms) =>
  heard.filter(({ origin }) => origin === kms).map(({ data }) => `${data.kind} ${data.code}`);
