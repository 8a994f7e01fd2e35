import { needsOwnTab } from './passkeys.js';

/** Screens on which a person may want a new passkey. @type {Set<unknown>} */
const ENROLLING = new Set(['setup', 'manage']);

const STYLE = `
dialog.ats-kms-sheet {
  box-sizing: border-box; position: fixed; inset: 0; margin: auto; padding: 0; border: 0;
  inline-size: min(27rem, 100vw - 2rem); block-size: min(40rem, 100dvh - 2rem);
  max-inline-size: none; max-block-size: none; overflow: hidden;
  border-radius: 1rem; color-scheme: light dark; color: light-dark(#16202a, #e8edf1);
  background: light-dark(#eef1f3, #0e1419);
  box-shadow: 0 0 0 1px light-dark(#0002, #fff2), 0 1.5rem 4rem #0006;
}
dialog.ats-kms-sheet[open] { display: grid; grid-template: auto 1fr / 1fr; }
dialog.ats-kms-sheet::backdrop { background: #0b1216a6; }
dialog.ats-kms-sheet > header {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0 .5rem; margin: 0;
  padding: .25rem .25rem .25rem 1rem;
  font: 500 .8125rem/1.4 system-ui, sans-serif;
  border-block-end: 1px solid light-dark(#0002, #fff2);
}
dialog.ats-kms-sheet > header > span {
  flex: 1; min-inline-size: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  color: light-dark(#51606e, #a5b2bd);
}
dialog.ats-kms-sheet > header > button {
  all: unset; box-sizing: border-box; cursor: pointer; inline-size: 2.75rem; block-size: 2.75rem;
  border-radius: .75rem; font: 400 1.25rem/2.75rem system-ui, sans-serif; text-align: center;
}
dialog.ats-kms-sheet > header > button:hover { background: light-dark(#0000000f, #ffffff1a); }
dialog.ats-kms-sheet > header > a {
  flex: 1 0 100%; padding-block: .25rem .5rem; color: light-dark(#0b6a5f, #5cc9b8);
}
dialog.ats-kms-sheet > header > a[hidden] { display: none; }
dialog.ats-kms-sheet > header > :focus-visible {
  outline: 2px solid light-dark(#0b6a5f, #5cc9b8); outline-offset: -3px;
}
dialog.ats-kms-sheet > iframe {
  display: block; box-sizing: border-box; inline-size: 100%; block-size: 100%;
  max-inline-size: none; max-block-size: none; margin: 0; padding: 0; border: 0; opacity: 1;
  visibility: visible; color-scheme: light dark;
}
@media (max-width: 30rem), (max-height: 30rem) {
  dialog.ats-kms-sheet { inline-size: 100vw; block-size: 100dvh; border-radius: 0; }
}
@media (prefers-reduced-motion: no-preference) {
  dialog.ats-kms-sheet[open] { animation: ats-kms-rise .18s ease-out; }
  @keyframes ats-kms-rise { from { opacity: 0; translate: 0 .75rem; } }
}
@media (forced-colors: active) { dialog.ats-kms-sheet { border: 2px solid CanvasText; } }
`;

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
    name.textContent = `Key vault of ${new URL(origin).host}`;
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = '\u00d7';
    close.setAttribute('aria-label', 'Close the key vault');
    close.addEventListener('click', () => this.#dialog.close());
    const header = document.createElement('header');
    header.append(name, close, this.#enrol);
    this.#dialog = document.createElement('dialog');
    this.#dialog.className = 'ats-kms-sheet';
    this.#dialog.setAttribute('aria-label', 'Key vault');
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
  link.textContent = 'Create a passkey in its own tab';
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
  iframe.title = 'Key vault';
  return iframe;
}

/** Whether this browser can be told to refuse a frame that does not carry the pinned policy. */
export const canEnforce = () => 'csp' in HTMLIFrameElement.prototype;
