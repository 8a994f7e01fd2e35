import { isRecord } from './bytes.js';
import { KmsError } from './errors.js';

/** @typedef {{ path: string, integrity: string }} PinnedScript integrity is `sha384-…` */

/**
 * What an embedder pins: `pin.json` as `enclave-shell emit` writes it. It is public, belongs into
 * the embedder's own build, and must never be fetched from the enclave's server at run time.
 *
 * @typedef {object} Release
 * @property {string} version
 * @property {string} url origin of the enclave
 * @property {string} manifest `sha256-…` of the bytes of the manifest
 * @property {string} csp the frame's policy, as the browser can be told to require it
 * @property {PinnedScript} module the frame's module
 * @property {PinnedScript} tools what the frame runs beside it when a backup is made or opened
 * @property {string} html `sha256-…`
 * @property {string} worker `sha256-…`
 * @property {string} wasm `sha256-…`
 * @property {boolean} [webcat] the frame is the page for WEBCAT
 */

/**
 * The pinned release, or two of them while one takes the other's place.
 *
 * @typedef {Release | readonly [Release] | readonly [Release, Release]} Pinned
 */

const SHA256 = /^sha256-[A-Za-z0-9+/]{43}=$/;
const SHA384 = /^sha384-[A-Za-z0-9+/]{64}$/;
/** Longer ones are ignored by Chromium, which would leave the frame without any pin. */
export const MAX_CSP = 4096;

/**
 * @param {unknown} release
 * @param {string | undefined} url
 * @returns {{ releases: [Release], origin: string, csp: string }}
 */
export function checkRelease(release, url) {
  if (!isRecord(release)) throw invalid('not an object');
  for (const name of ['manifest', 'html', 'worker', 'wasm']) {
    if (!matches(release[name], SHA256)) throw invalid(name);
  }
  for (const name of SCRIPTS) if (!isScript(release[name])) throw invalid(name);
  if (!matches(release['version'], /^[\w.+-]{1,64}$/)) throw invalid('version');
  const pin = /** @type {Release} */ (/** @type {unknown} */ (release));
  if (!pins(pin.csp, SCRIPTS.map((name) => pin[name].integrity))) throw invalid('csp');
  const origin = originOf(pin.url);
  if (url !== undefined && originOf(url) !== origin) throw invalid('pinned for another origin');
  return { releases: [pin], origin, csp: pin.csp };
}

/** @type {('module' | 'tools')[]} */
export const SCRIPTS = ['module', 'tools'];

/**
 * @param {unknown} value
 * @returns {boolean}
 */
const isScript = (value) =>
  isRecord(value) && matches(value['integrity'], SHA384) &&
  matches(value['path'], /^\/[\w./-]+$/);

/**
 * A policy which lets other scripts run than the pinned ones, or which the browser would ignore,
 * pins nothing.
 *
 * @param {unknown} csp
 * @param {string[]} scripts
 * @returns {boolean}
 */
function pins(csp, scripts) {
  if (typeof csp !== 'string' || csp.length > MAX_CSP || !/^[\x20-\x2b\x2d-\x7e]+$/.test(csp)) {
    return false;
  }
  const rules = csp.split(';').map((rule) => rule.trim().split(/ +/));
  const [rule, ...others] = rules.filter(([name]) => /^script-src/i.test(name ?? ''));
  const allowed = [...scripts.map((digest) => `'${digest}'`), "'wasm-unsafe-eval'"];
  return (
    others.length === 0 &&
    rule?.[0] === 'script-src' &&
    rule.slice(1).sort().join(' ') === allowed.sort().join(' ')
  );
}

/** @param {string} detail */
export const invalid = (detail) => new KmsError('invalid_release', { detail });

/**
 * @param {unknown} value
 * @param {RegExp} form
 */
const matches = (value, form) => typeof value === 'string' && form.test(value);

/**
 * @param {unknown} value
 * @returns {string}
 */
function originOf(value) {
  try {
    const { origin, href } = new URL(String(value));
    if (/^http/.test(origin) && href === `${origin}/`) return origin;
  } catch {
    // Reported below, with everything else that is no origin.
  }
  throw invalid('url');
}
