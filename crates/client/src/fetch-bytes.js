import { Mismatch } from './verify-failures.js';

/**
 * Reads a resource as the server sends it now, never as some cache remembers it.
 *
 * @param {URL} url
 * @param {number} maxBytes
 * @param {AbortSignal} signal
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, mediaType: string | null }>}
 */
export async function fetchBytes(url, maxBytes, signal) {
  let response;
  try {
    response = await fetch(url, {
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal,
    });
  } catch (cause) {
    throw new Mismatch(signal.aborted ? 'no_answer' : 'not_fetched', { cause });
  }
  if (!response.ok || !response.body) throw new Mismatch('bad_status');
  const bytes = await readAll(response.body, maxBytes);
  return { bytes, mediaType: response.headers.get('content-type') };
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {number} maxBytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function readAll(body, maxBytes) {
  const reader = body.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw new Mismatch('broken_off', { cause });
    });
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new Mismatch('too_large');
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
