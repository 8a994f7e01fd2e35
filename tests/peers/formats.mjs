// docs/formats.md once more, from its text alone.

const utf8 = new TextEncoder();

/** The head of a data item: its major type and a length or number below 2^16 (RFC 8949, section 3). */
function head(major, value) {
  if (value < 24) return [(major << 5) | value];
  if (value < 256) return [(major << 5) | 24, value];
  if (value < 65_536) return [(major << 5) | 25, value >> 8, value & 255];
  throw new RangeError('not needed here');
}

const text = (value) => [...head(3, utf8.encode(value).length), ...utf8.encode(value)];

/** Names in the order of section 4.2.1: that of their encodings, byte by byte. */
function map(context) {
  const entries = Object.entries(context).map(([name, value]) => [text(name), text(value)]);
  entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return [...head(5, entries.length), ...entries.flat(2)];
}

/** An array whose items are texts, numbers, bytes and contexts. */
export function array(...items) {
  const encoded = items.map((item) => {
    if (typeof item === 'string') return text(item);
    if (typeof item === 'number') return head(0, item);
    if (item instanceof Uint8Array) return [...head(2, item.length), ...item];
    return map(item);
  });
  return Uint8Array.from([...head(4, items.length), ...encoded.flat()]);
}

export const encodedContext = (context) => Uint8Array.from(map(context));

const FORMS = { 'ats-kms/v1/encrypt': 1, 'ats-kms/v1/data-key': 2, 'ats-kms/v1/stream': 4 };

/** What precedes a ciphertext: the form of its label and the version. */
export function prefix(label, version) {
  const bytes = Buffer.alloc(5);
  bytes[0] = FORMS[label] ?? 3;
  bytes.writeUInt32BE(version, 1);
  return bytes;
}

/** The parts of a ciphertext. */
export function parts(ciphertext) {
  const bytes = Buffer.from(ciphertext);
  return {
    form: bytes[0],
    version: bytes.readUInt32BE(1),
    nonce: ciphertext.subarray(5, 17),
    sealed: ciphertext.subarray(17),
  };
}

/** `info` of an agreement. */
export function agreedInfo(purpose, halves, context) {
  const [first, second] = halves.map((half) => Buffer.from(half)).sort(Buffer.compare);
  return array('ats-kms/v1/agree', purpose, new Uint8Array(first), new Uint8Array(second), context);
}

/** The example of docs/formats.md that seals, to run it as it stands there. */
export function example(document) {
  const blocks = [...document.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);
  const sealing = blocks.filter((code) => code.includes('new CipherSuite('));
  if (sealing.length !== 1) throw new Error(`docs/formats.md seals in ${sealing.length} examples`);
  return sealing[0];
}

/** Whether the context that docs/formats.md spells out is encoded so. */
export function contextIsAsWritten(document) {
  const [, context, bytes] = /^`(\{[^`]*\})` is `([0-9a-f ]+)`\.$/m.exec(document) ?? [];
  const written = Buffer.from((bytes ?? '').replaceAll(' ', ''), 'hex');
  return written.length > 1 && written.equals(encodedContext(JSON.parse(context)));
}
