import { needsOwnTab } from './passkeys.js';
import { STYLE } from './sheet-style.js';
import { TEXT } from './sheet-text.js';

/** Screens on which a person may want a new passkey. @type {Set<unknown>} */
const ENROLLING = new Set(['setup', 'manage']);

/**
 * The modal sheet around the enclave's frame. Closed it is not drawn, but the frame lives on in it:
 * it is never moved or reloaded, since that would end the enclave.
 */
export class Sheet {
  #dialog;
  #iframe;
  #enrol;
  #origin;
  #style = new CSSStyleSheet();
  #visible = false;

  /**
   * @param {string} origin
   * @param {string} csp the policy that the browser is told to require
   * @param {() => void} onDismiss the person closed the sheet
   */
  constructor(origin, csp, onDismiss) {
    this.#style.replaceSync(STYLE);
    this.#origin = origin;
    this.#iframe = makeFrame(origin, csp);
    this.#enrol = makeEnrolLink(origin);
    const name = document.createElement('span');
    name.textContent = TEXT.of(new URL(origin).host);
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = '×';
    close.setAttribute('aria-label', TEXT.close);
    close.addEventListener('click', () => this.#dialog.close());
    const header = document.createElement('header');
    header.append(name, close, this.#enrol);
    this.#dialog = document.createElement('dialog');
    this.#dialog.className = 'ats-kms-sheet';
    this.#dialog.setAttribute('aria-label', TEXT.name);
    this.#dialog.append(header, this.#iframe);
    // Fires for Esc, the platform's back gesture and the button alike.
    this.#dialog.addEventListener('close', () => {
      // An open sheet was shown again before the event of its last end came.
      if (!this.#visible || this.#dialog.open) return;
      this.#visible = false;
      onDismiss();
    });
  }

  get iframe() {
    return this.#iframe;
  }

  /**
   * @param {Element} container
   * @param {string} src
   */
  open(container, src) {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.#style];
    this.#iframe.src = src;
    container.append(this.#dialog);
  }

  /**
   * @param {boolean} visible
   * @param {unknown} [screen] what the enclave asks
   */
  show(visible, screen) {
    this.#enrol.hidden = !(
      visible && ENROLLING.has(screen) && needsOwnTab(this.#iframe, this.#origin)
    );
    if (visible === this.#visible || !this.#dialog.isConnected) return;
    this.#visible = visible;
    if (visible) {
      this.#dialog.showModal();
      this.#iframe.focus();
    } else {
      // The dialog gives the focus back to where it was.
      this.#dialog.close();
    }
  }

  remove() {
    this.show(false);
    this.#dialog.remove();
    const sheets = document.adoptedStyleSheets;
    document.adoptedStyleSheets = sheets.filter((sheet) => sheet !== this.#style);
  }
}

/**
 * The way to the enclave's own page for engines that create no passkey in a frame. No message
 * passes between that page and this one; the new passkey is used in the frame afterwards.
 *
 * @param {string} origin
 * @returns {HTMLAnchorElement}
 */
function makeEnrolLink(origin) {
  const link = document.createElement('a');
  link.href = `${origin}/enrol`;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.textContent = TEXT.enrol;
  link.hidden = true;
  return link;
}

/**
 * @param {string} origin
 * @param {string} csp
 * @returns {HTMLIFrameElement}
 */
function makeFrame(origin, csp) {
  const iframe = document.createElement('iframe');
  // All of these hold for the navigation that follows, so they stand before `src` is set.
  if (canEnforce()) iframe.setAttribute('csp', csp);
  iframe.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-downloads');
  iframe.allow = `publickey-credentials-get ${origin}; publickey-credentials-create ${origin}`;
  iframe.referrerPolicy = 'no-referrer';
  iframe.title = TEXT.name;
  return iframe;
}

/** Whether this browser can be told to refuse a frame that does not carry the pinned policy. */
export const canEnforce = () => 'csp' in HTMLIFrameElement.prototype;
