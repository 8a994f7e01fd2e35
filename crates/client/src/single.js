/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {Pick<import('./kms.js').Kms, 'batch'>} AskedKms */

/**
 * Calls a method that only an adapter needs, so that a page without that adapter does not load it.
 *
 * @template {keyof Methods} M
 * @param {AskedKms} kms
 * @param {{ method: M, params: Methods[M]['params'] }} request
 * @param {CallOptions} options
 * @returns {Promise<Methods[M]['result']>}
 */
export async function single(kms, request, options) {
  const [reply] = await kms.batch([/** @type {import('./rpc.js').Request} */ (request)], options);
  if (reply?.error) throw reply.error;
  return /** @type {any} */ (reply?.result);
}
