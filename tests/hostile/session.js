// A connection kept open between the steps of a test, recording all that crosses it.
import { connect, heard } from './raw.js';

let session = null;
let waiting = null;

/** Byte by byte: a call takes fewer arguments than a stream has bytes. */
const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** JSON cannot hold bytes: they travel as `{ bytes: base64 }` both ways. */
function encode(value) {
  if (value instanceof Uint8Array) return { bytes: toBase64(value) };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, encode(part)]));
}

function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.bytes === 'string') {
    return Uint8Array.from(atob(value.bytes), (character) => character.charCodeAt(0));
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decode(part)]));
}

/** A request of another module over the same connection. */
export const ask = (method, params) => session.line.ask(method, params);

/** The connection itself, for attacks in the middle of something. */
export const current = () => session;

const STEPS = {
  /** Connects. */
  open: async ({ kms, attributes, path }) => {
    // Low enough to be all in view, whatever bars the browser puts below the page.
    const style = 'width: 480px; height: 400px; border: 0';
    session = await connect(kms, { style, ...attributes }, path);
    return session.line.heard;
  },
  /** Sends a request and waits for its reply. */
  call: ({ method, params }) => session.line.ask(method, decode(params ?? {})),
  /** Sends requests in one message and waits for their replies. */
  batch: ({ requests }) => {
    const id = crypto.randomUUID();
    const numbered = ({ method, params }, index) => ({
      id: `${id}-${index}`,
      method,
      params: decode(params),
    });
    session.line.send(requests.map(numbered));
    return session.line.wait((heard) => heard[0]?.id === `${id}-0`, 30_000);
  },
  /** Sends a request whose reply waits for a person. */
  begin: ({ method, params }) => {
    waiting = session.line.ask(method, decode(params ?? {}));
    return null;
  },
  /** Tells the enclave what its server publishes against releases. */
  tell: async ({ release }) => {
    const { tellPublished } = await import('/client/standing.js');
    const batch = async ([{ method, params }]) => [await session.line.ask(method, params)];
    return tellPublished({ batch }, release);
  },
  /** Waits for that reply. */
  end: () => waiting,
  /** Everything that ever reached this page, on the port and on the window. */
  recorded: () => ({ port: session.line.heard, window: heard }),
};

export default async function step({ op, ...argument }) {
  return encode((await STEPS[op](argument)) ?? null);
}
