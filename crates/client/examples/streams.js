// A file that is encrypted on its way to wherever it is kept, and decrypted on its way back. It is
// never in the memory as a whole.
import { decryptStream, encryptStream } from '@ats-run/kms-client/streams';

/**
 * @param {import('@ats-run/kms-client').Kms} kms an unlocked connection
 * @param {{ keyId: string, context?: { [name: string]: string } }} params
 * @param {Blob} file
 * @param {WritableStream<Uint8Array>} destination
 * @param {AbortSignal} [signal]
 */
export async function save(kms, params, file, destination, signal) {
  await file.stream().pipeThrough(encryptStream(kms, params, { signal })).pipeTo(destination);
}

/**
 * Resolves when the file is complete. What was written to `destination` until then is authentic,
 * but may lack its end.
 *
 * @param {import('@ats-run/kms-client').Kms} kms an unlocked connection
 * @param {{ keyId: string, context?: { [name: string]: string } }} params
 * @param {ReadableStream<Uint8Array>} source
 * @param {WritableStream<Uint8Array>} destination
 * @param {AbortSignal} [signal]
 */
export async function load(kms, params, source, destination, signal) {
  await source.pipeThrough(decryptStream(kms, params, { signal })).pipeTo(destination);
}
