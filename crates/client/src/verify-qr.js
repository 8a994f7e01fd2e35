import { TEXT } from './verify-text.js';
import { element } from './verify-view.js';

/** @typedef {import('./verify-enclave.js').VerifyReport} VerifyReport */

const SVG = 'http://www.w3.org/2000/svg';
/** The light edge that readers need (ISO/IEC 18004), in modules. */
const EDGE = 4;

/**
 * The digest of the manifest as a QR code, to be compared with another device by its camera. The code
 * is made by the verifier's wasm, which is loaded when somebody opens this.
 *
 * @param {VerifyReport} report
 * @returns {HTMLElement[]} nothing where there is no release
 */
export function qrBox({ level, manifest }) {
  if (level === 'failed' || manifest === null) return [];
  const box = element('details', 'qr');
  box.append(
    element('summary', 'summary', TEXT.view.qr),
    element('p', 'hint', TEXT.view.qrMore),
  );
  box.addEventListener('toggle', async () => box.append(await picture(manifest)), { once: true });
  return [box];
}

/**
 * @param {string} digest
 * @returns {Promise<Element>}
 */
async function picture(digest) {
  try {
    const { loadKit } = await import('./kit.js');
    const rows = (await loadKit()).qr(digest);
    if (rows !== undefined) return draw(rows.split('\n'), digest);
  } catch {
    // Not to be had, or this page lets no wasm run: said below.
  }
  return element('p', 'hint', TEXT.view.noQr);
}

/**
 * Dark on light whatever the page's colours are: not every reader takes the inverse.
 *
 * @param {string[]} rows
 * @param {string} digest
 * @returns {SVGSVGElement}
 */
function draw(rows, digest) {
  const side = String(rows.length + 2 * EDGE);
  const dark = rows.flatMap((row, y) =>
    [...row].flatMap((module, x) => (module === '1' ? [`M${x + EDGE} ${y + EDGE}h1v1h-1z`] : [])));
  const svg = shape('svg', { viewBox: `0 0 ${side} ${side}`, width: '232', height: '232', role: 'img' });
  svg.setAttribute('aria-label', TEXT.view.qrOf(digest));
  svg.setAttribute('shape-rendering', 'crispEdges');
  svg.append(
    shape('rect', { width: side, height: side, fill: '#fff' }),
    shape('path', { d: dark.join(''), fill: '#000' }),
  );
  return svg;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string>} attributes
 * @returns {SVGElementTagNameMap[K]}
 */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
