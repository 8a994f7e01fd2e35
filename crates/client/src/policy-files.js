import { fetchBytes } from './fetch-bytes.js';
import { PolicyError } from './policy-error.js';
import { Mismatch } from './verify-failures.js';

/**
 * What the enclave's server says of its release. What it does not have is empty, and no list of
 * revocations is null: the verifier refuses both. `unreachable` is set where a file could not be
 * asked for.
 *
 * @typedef {object} ReleaseFiles
 * @property {Uint8Array} manifest
 * @property {Uint8Array} proof
 * @property {Uint8Array[] | null} revocations
 * @property {PolicyError | undefined} unreachable
 */

const FOLDER = '/.well-known/ats-kms/';
const MAX_MANIFEST = 64 * 1024;
const MAX_FILE = 1024 * 1024;
/** Hashes of a tile of a log (C2SP tlog-tiles), and bytes of one. */
const MAX_TILE = 256 * 32;
const NOTHING = new Uint8Array();

/**
 * Each file for itself: a revocation counts, whatever became of the others.
 *
 * @param {string} origin
 * @param {AbortSignal} signal
 * @returns {Promise<ReleaseFiles>}
 */
export async function fetchRelease(origin, signal) {
  const read = [
    readFile(new URL(`${FOLDER}manifest.json`, origin), MAX_MANIFEST, signal),
    readFile(new URL(`${FOLDER}manifest.tlog-proof`, origin), MAX_FILE, signal),
    readFile(new URL(`${FOLDER}revocations.json`, origin), MAX_FILE, signal),
  ];
  const [manifest, proof, list] = await Promise.all(read);
  return {
    manifest: manifest?.bytes ?? NOTHING,
    proof: proof?.bytes ?? NOTHING,
    revocations: list?.bytes ? notes(list.bytes) : null,
    unreachable: manifest?.error ?? proof?.error ?? list?.error,
  };
}

/**
 * Tiles of the log. A log may have thrown an incomplete one away when it was complete.
 *
 * @param {{ url: string, paths: string[] }} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<Uint8Array[] | null>} null if one cannot be had
 */
export async function fetchTiles({ url, paths }, signal) {
  const log = url.endsWith('/') ? url : `${url}/`;
  /** @param {string} path */
  const tile = async (path) => (await readFile(new URL(path, log), MAX_TILE, signal)).bytes;
  /** @param {string} path */
  const either = async (path) => {
    const whole = path.replace(/\.p\/\d+$/, '');
    return (await tile(path)) ?? (whole === path ? undefined : await tile(whole));
  };
  const tiles = await Promise.all(paths.map(either));
  /** @type {Uint8Array[]} */
  const found = [];
  for (const bytes of tiles) if (bytes) found.push(bytes);
  return found.length === paths.length ? found : null;
}

/**
 * @param {URL} url
 * @param {number} limit
 * @param {AbortSignal} signal
 * @returns {Promise<{ bytes?: Uint8Array, error?: PolicyError }>} neither if the server has no such file
 */
async function readFile(url, limit, signal) {
  try {
    return { bytes: (await fetchBytes(url, limit, signal)).bytes };
  } catch (cause) {
    if (cause instanceof Mismatch && cause.code === 'bad_status') return {};
    return { error: new PolicyError('files_unreachable', `${url.href} could not be read.`, cause) };
  }
}

/**
 * The signed notes of a list, which are read by the verifier alone; null if it is no list of notes.
 *
 * @param {Uint8Array} bytes
 * @returns {Uint8Array[] | null}
 */
function notes(bytes) {
  try {
    /** @type {unknown} */
    const list = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (!Array.isArray(list) || !list.every((note) => typeof note === 'string')) return null;
    return list.map((note) => new TextEncoder().encode(note));
  } catch {
    return null;
  }
}
