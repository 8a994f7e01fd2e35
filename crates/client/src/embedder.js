/**
 * What this page should change so that nothing but the pinned enclave comes near the vault. For
 * developers: nothing here protects by itself.
 *
 * @typedef {object} EmbedderFinding
 * @property {EmbedderGap} id
 * @property {string} problem
 * @property {string} fix
 */
/**
 * @typedef {'headers_unread' | 'opener' | 'any_frame' | 'other_frames' | 'no_enclave' | 'no_saving'
 *   | 'framed' | 'no_passkeys' | 'has_opener' | 'is_framed' | 'has_frames' | 'service_worker'
 *   } EmbedderGap
 */
/** @typedef {{ get(name: string): string | null }} HeaderReader */

/**
 * Checks the page it is called in. It reads the page's own headers once more, from its server.
 *
 * @param {{ release: import('./release.js').Pinned, signal?: AbortSignal }} options
 * @returns {Promise<EmbedderFinding[]>} empty: nothing is lacking that can be seen from here
 */
export async function checkEmbedder({ release, signal }) {
  const origin = new URL([release].flat()[0]?.url ?? '').origin;
  const own = [...document.querySelectorAll('meta[http-equiv="Content-Security-Policy" i]')];
  const metas = own.map((meta) => meta.getAttribute('content') ?? '');
  const headers = await readHeaders(signal);
  const gaps = headers ? headerGaps(origin, headers, metas) : [];
  return [
    ...(headers ? [] : [finding('headers_unread', origin)]),
    ...gaps.map((gap) => finding(gap, origin)),
    ...seenHere(origin).map((gap) => finding(gap, origin)),
    ...((await hasWorker(navigator.serviceWorker)) ? [finding('service_worker', origin)] : []),
  ];
}

/**
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<HeaderReader | undefined>}
 */
async function readHeaders(signal) {
  try {
    const answer = await fetch(location.href, {
      method: 'HEAD', cache: 'no-store', signal: signal ?? null,
    });
    return answer.ok && !answer.redirected ? answer.headers : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What headers leave open, as `enclave-shell verify --embedder` tells it.
 *
 * @param {string} enclave its origin
 * @param {HeaderReader} headers
 * @param {string[]} [metas] policies that stand in the page itself
 * @returns {EmbedderGap[]}
 */
export function headerGaps(enclave, headers, metas = []) {
  /** @type {EmbedderGap[]} */
  const gaps = [];
  const opener = headers.get('Cross-Origin-Opener-Policy') ?? '';
  if (opener.split(';')[0]?.trim() !== 'same-origin') gaps.push('opener');
  const sent = (headers.get('Content-Security-Policy') ?? '').split(',').map(parse);
  gaps.push(...frameGaps(enclave, [...sent, ...metas.map(parse)]));
  /** @param {Map<string, string[]>} policy */
  const keepsOut = (policy) =>
    policy.get('frame-ancestors')?.every((source) => /^'(?:none|self)'$/.test(source)) ?? false;
  // In the page itself this directive counts for nothing.
  if (!sent.some(keepsOut)) gaps.push('framed');
  if (!leavesPasskeys(enclave, headers.get('Permissions-Policy') ?? '')) gaps.push('no_passkeys');
  return gaps;
}

/**
 * One policy; as in browsers, only the first directive of a name counts.
 *
 * @param {string} text
 * @returns {Map<string, string[]>}
 */
function parse(text) {
  const rules = new Map();
  for (const part of text.split(';')) {
    const [name, ...sources] = part.trim().split(/\s+/);
    const key = name?.toLowerCase();
    if (key && !rules.has(key)) rules.set(key, sources);
  }
  return rules;
}

/**
 * @param {string} enclave
 * @param {Map<string, string[]>[]} policies
 * @returns {EmbedderGap[]}
 */
function frameGaps(enclave, policies) {
  const rules = policies.flatMap((policy) => {
    const names = ['frame-src', 'child-src', 'default-src'];
    const first = names.map((name) => policy.get(name)).find((sources) => sources);
    return first ? [first] : [];
  });
  const { protocol } = new URL(enclave);
  /** @param {string} source */
  const isEnclave = (source) => source.replace(/\/$/, '').toLowerCase() === enclave;
  /** @param {string} source */
  const allows = (source) => isEnclave(source) || source === protocol || source.includes('*');
  /** @param {string} source */
  const isKnown = (source) => isEnclave(source) || source === 'blob:' || source === "'none'";
  /** @type {EmbedderGap[]} */
  const gaps = [];
  if (rules.some((sources) => !sources.some(allows))) gaps.push('no_enclave');
  if (rules.some((sources) => !sources.includes('blob:') && !sources.includes('*'))) {
    gaps.push('no_saving');
  }
  if (rules.length === 0) gaps.push('any_frame');
  else if (!rules.some((sources) => sources.every(isKnown))) gaps.push('other_frames');
  return gaps;
}

/**
 * @param {string} enclave
 * @param {string} policy
 */
function leavesPasskeys(enclave, policy) {
  return policy.split(',').every((part) => {
    const [feature, list = ''] = part.split('=');
    if (!feature?.trim().startsWith('publickey-credentials-')) return true;
    return list.split(/[() ;]/).some((word) => word === '*' || word === `"${enclave}"`);
  });
}

/**
 * What only the running page can see.
 *
 * @param {string} enclave
 * @returns {EmbedderGap[]}
 */
function seenHere(enclave) {
  /** @type {EmbedderGap[]} */
  const gaps = [];
  if (window.opener !== null) gaps.push('has_opener');
  if (window.parent !== window) gaps.push('is_framed');
  const frames = [...document.querySelectorAll('iframe, frame, object, embed')];
  /** @param {Element} frame */
  const isEnclave = (frame) => frame.getAttribute('src')?.startsWith(`${enclave}/`);
  if (frames.some((frame) => !isEnclave(frame))) gaps.push('has_frames');
  return gaps;
}

/**
 * Whether a service worker answers for this page, or will as soon as it is installed or the page is
 * loaded again.
 *
 * @param {Pick<ServiceWorkerContainer, 'controller' | 'getRegistration'> | undefined} workers
 */
export async function hasWorker(workers) {
  if (!workers) return false;
  if (workers.controller) return true;
  try {
    return Boolean(await workers.getRegistration());
  } catch {
    // Where the browser keeps none, none answers.
    return false;
  }
}

/**
 * @param {EmbedderGap} id
 * @param {string} enclave
 * @returns {EmbedderFinding}
 */
function finding(id, enclave) {
  const frames = `Send Content-Security-Policy: frame-src ${enclave} blob:`;
  /** @type {Record<EmbedderGap, [string, string]>} */
  const words = {
    headers_unread: [
      'The headers of this page could not be read again.',
      'Let the page answer HEAD at its own address, and connect-src \u2018self\u2019 allow it.',
    ],
    opener: [
      'Windows of the enclave\u2019s origin can reach its frame.',
      'Send Cross-Origin-Opener-Policy: same-origin',
    ],
    any_frame: ['Any frame may be loaded beside the enclave.', frames],
    other_frames: ['Other frames may be loaded beside the enclave.', frames],
    no_enclave: ['The policy of this page forbids the enclave\u2019s frame.', frames],
    no_saving: ['Firefox and Safari save no backup: frame-src lacks blob:.', frames],
    framed: [
      'Other sites may frame this page, and the enclave refuses then.',
      "Send Content-Security-Policy: frame-ancestors 'none'",
    ],
    no_passkeys: [
      'The enclave\u2019s frame may use no passkeys.',
      `Name "${enclave}" for publickey-credentials-get and -create in Permissions-Policy.`,
    ],
    has_opener: [
      'The window that opened this page can reach its frames.',
      'Send Cross-Origin-Opener-Policy: same-origin',
    ],
    is_framed: [
      'This page is in a frame, which the enclave refuses.',
      'Open the page in a window of its own.',
    ],
    has_frames: [
      'There are frames in this page beside the enclave\u2019s.',
      'Remove them, or move them to a page without the enclave.',
    ],
    service_worker: [
      'A service worker of this site answers for this page, or will: also for its pin and the verify kit\u2019s requests.',
      'Let it pass on what it is asked for the enclave\u2019s origin, and update it with the page.',
    ],
  };
  const [problem, fix] = words[id];
  return { id, problem, fix };
}
