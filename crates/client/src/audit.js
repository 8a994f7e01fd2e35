import { base64 } from './bytes.js';
import { KmsError } from './errors.js';

/** @typedef {import('./rpc.js').CallOptions} CallOptions */
/** @typedef {import('./protocol.gen.js').Methods} Methods */
/** @typedef {import('./protocol.gen.js').SignedCheckpoint} SignedCheckpoint */

const PAGE = 100;

/** What was done with the keys. Read-only. */
export class Audit {
  #rpc;

  /** @param {import('./rpc.js').Rpc} rpc */
  constructor(rpc) {
    this.#rpc = rpc;
  }

  /**
   * @param {Methods['audit.list']['params']} [page]
   * @param {CallOptions} [options]
   */
  list(page = {}, options) {
    return this.#rpc.call('audit.list', page, options);
  }

  /** @param {CallOptions} [options] */
  verify(options) {
    return this.#rpc.call('audit.verify', {}, options);
  }

  /**
   * The state of the log under the vault's signature. Keep it to find out later that the log has
   * only grown: `verifySince`, or `enclave-shell audit verify --since`.
   *
   * @param {CallOptions} [options]
   */
  checkpoint(options) {
    return this.#rpc.call('audit.checkpoint', {}, options);
  }

  /**
   * @param {Methods['audit.prove_inclusion']['params']} entry and the size of a checkpoint
   * @param {CallOptions} [options]
   */
  proveInclusion(entry, options) {
    return this.#rpc.call('audit.prove_inclusion', entry, options);
  }

  /**
   * @param {Methods['audit.prove_consistency']['params']} sizes of two checkpoints
   * @param {CallOptions} [options]
   */
  proveConsistency(sizes, options) {
    return this.#rpc.call('audit.prove_consistency', sizes, options);
  }

  /**
   * The whole log as JSON lines, a page at a time, with the signed checkpoint last: what
   * `enclave-shell audit verify` reads. Entries of other sites have nothing but their hash.
   *
   * @param {CallOptions} [options]
   * @returns {AsyncGenerator<string, void, void>}
   */
  async *export(options) {
    const { note } = await this.checkpoint(options);
    const { size } = parse(note);
    for (let from = 1; from <= size; ) {
      const limit = Math.min(PAGE, size - from + 1);
      const { entries } = await this.list({ from, limit }, options);
      if (entries.length !== limit) throw corrupt();
      yield entries.map(({ hash, leaf, ...entry }) => {
        const bytes = { hash: base64(hash), leaf: leaf && base64(leaf) };
        return `${JSON.stringify({ ...entry, ...bytes })}\n`;
      }).join('');
      from += limit;
    }
    yield `${JSON.stringify({ checkpoint: note })}\n`;
  }

  /**
   * Fails with `audit_corrupt` unless the log has only grown since a checkpoint that was kept.
   * Resolves to the checkpoint of now, to be kept instead. The key must be the same; that it has
   * really signed both is left to who checks an export.
   *
   * @param {SignedCheckpoint} pinned
   * @param {CallOptions} [options]
   */
  async verifySince(pinned, options) {
    const now = await this.checkpoint(options);
    const [old, grown] = [parse(pinned.note), parse(now.note)];
    const same = pinned.verifierKey === now.verifierKey && old.origin === grown.origin;
    if (!same || old.size > grown.size) throw corrupt();
    const { hashes } = await this.proveConsistency({ from: old.size, to: grown.size }, options);
    const { isConsistent } = await import('./audit-growth.js');
    if (!(await isConsistent(old, grown, hashes))) throw corrupt();
    return now;
  }
}

const corrupt = () =>
  new KmsError('audit_corrupt', { message: 'The audit log is damaged or was altered.' });

/**
 * Origin, size and root of a checkpoint (C2SP tlog-checkpoint).
 *
 * @param {string} note
 */
function parse(note) {
  const [origin, size, root] = note.split('\n');
  if (!origin || !root || !/^(0|[1-9]\d{0,15})$/.test(size ?? '')) {
    throw corrupt();
  }
  return { origin, size: Number(size), root };
}
