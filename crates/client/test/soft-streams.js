// The streams of a connection, over Node's own Web Cryptography: docs/formats.md once more.
import { KmsError } from '../src/errors.js';

const CHUNK = 65_536;

const join = async (parts) => new Uint8Array(await new Blob(parts).arrayBuffer());

/** The number of a chunk in 11 bytes, and whether it is the last one. */
function nonce(chunk, last) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, chunk);
  iv[11] = Number(last);
  return iv;
}

/**
 * @param {{ before?: (method: string, params: any) => unknown }} [hooks] what is done first; what
 *   it throws is the answer
 */
export function softStreams({ before = () => {} } = {}) {
  const open = new Map();
  const heard = [];
  const under = { now: 0, most: 0 };
  const methods = {
    async 'streams.encrypt'() {
      const raw = crypto.getRandomValues(new Uint8Array(32));
      // Wrapped under nothing: what a header is worth is the enclave's business.
      const header = await join([Uint8Array.of(4, 0, 0, 0, 1), new Uint8Array(28), raw]);
      return { streamId: await add(raw, 'encrypt', CHUNK), header, version: 1 };
    },
    async 'streams.decrypt'({ header }) {
      if (header.length !== 65 || header[0] !== 4) throw new KmsError('invalid_ciphertext');
      return { streamId: await add(header.slice(33), 'decrypt', CHUNK + 16), version: 1 };
    },
    async 'streams.write'({ streamId, chunk, data, last }) {
      const stream = find(streamId);
      const { unit } = stream;
      const whole = data.length > 0 && data.length % unit === 0;
      if (chunk !== stream.chunks || data.length > 7 * unit || !(whole || last)) {
        throw new KmsError('invalid_params');
      }
      const parts = [];
      for (let at = 0; at < data.length || (last && at === 0); at += unit) {
        const iv = nonce(stream.chunks++, last && at + unit >= data.length);
        const part = data.subarray(at, at + unit);
        parts.push(await crypto.subtle[stream.use]({ name: 'AES-GCM', iv }, stream.key, part));
      }
      if (last) open.delete(streamId);
      return { data: await join(parts) };
    },
    async 'streams.close'({ streamId }) {
      find(streamId);
      open.delete(streamId);
      return {};
    },
  };
  const find = (streamId) => {
    if (!open.has(streamId)) throw new KmsError('stream_not_found');
    return open.get(streamId);
  };
  const add = async (raw, use, unit) => {
    const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, [use]);
    const streamId = crypto.randomUUID();
    open.set(streamId, { key, use, unit, chunks: 0 });
    return streamId;
  };
  /** Writes are done one by one, as in the enclave. */
  let turn = Promise.resolve();
  const answer = async (method, params, waiting) => {
    await waiting;
    await before(method, params);
    return methods[method](params);
  };
  const kms = {
    async batch([{ method, params }], { signal } = {}) {
      signal?.throwIfAborted();
      heard.push(method);
      const copy = params.data ? { ...params, data: params.data.slice() } : params;
      const writes = method === 'streams.write';
      if (writes) under.most = Math.max(under.most, ++under.now);
      const done = answer(method, copy, writes ? turn : undefined);
      if (writes) turn = done.catch(() => {});
      try {
        return [{ result: await done }];
      } catch (error) {
        if (writes) open.delete(params.streamId);
        return [{ error: error instanceof KmsError ? error : new KmsError('invalid_ciphertext') }];
      } finally {
        if (writes) under.now--;
      }
    },
  };
  return { kms, open, heard, under };
}
