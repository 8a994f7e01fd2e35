// Small builders for the screens. Text goes in as text, never as markup.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The mark: a shield with a keyhole. */
function brandMark() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('fill-rule', 'evenodd');
  path.setAttribute(
    'd',
    'M12 1 21 4.6V11c0 5.6-3.7 9.9-9 12-5.3-2.1-9-6.4-9-12V4.6Z' +
      'M12 7.5a2.6 2.6 0 0 0-1.3 4.85V16.5h2.6v-4.15A2.6 2.6 0 0 0 12 7.5Z',
  );
  svg.append(path);
  return svg;
}

/**
 * A card with a heading that names it.
 * @param {string} role
 * @param {string} title
 * @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
function makeCard(role, title, ...children) {
  const heading = make('h1', { id: 'title' }, brandMark(), title);
  const card = make('main', { class: 'card', role, 'aria-labelledby': 'title' });
  if (role === 'dialog') card.setAttribute('aria-modal', 'true');
  card.append(heading, ...children);
  return card;
}

/** @returns {HTMLElement} */
function footer() {
  return make('p', { class: 'foot' }, TEXT.footer(RELEASE.version));
}

/**
 * Who asks, as the browser told it; the host stands out, an insecure scheme is shown.
 * @param {string} origin
 * @param {string} text
 * @returns {HTMLElement}
 */
function askedBy(origin, text) {
  const name = origin.startsWith('https://') ? origin.slice('https://'.length) : origin;
  return make('p', { class: 'asks' }, make('strong', { id: 'site' }, name), make('span', {}, text));
}

/**
 * A passphrase field with its label and a hint.
 * @param {string} id
 * @param {string} label
 * @param {string} autocomplete
 * @returns {{ box: HTMLElement, head: HTMLElement, input: HTMLInputElement, hint: HTMLElement }}
 */
function passphraseField(id, label, autocomplete) {
  const input = make('input', {
    id,
    name: id,
    type: 'password',
    autocomplete,
    autocapitalize: 'off',
    autocorrect: 'off',
    spellcheck: 'false',
    maxlength: String(PASSPHRASE_MAX * 2),
    'aria-describedby': `${id}-hint`,
    'aria-required': 'true',
  });
  const hint = make('p', { id: `${id}-hint`, class: 'hint' });
  const head = make('div', { class: 'line' }, make('label', { for: id }, label));
  return { box: make('div', { class: 'field' }, head, input, hint), head, input, hint };
}

/** A name for password managers, which file a passphrase under one. */
function accountField() {
  const input = make('input', { type: 'text', name: 'username', autocomplete: 'username' });
  input.value = TEXT.account;
  input.hidden = true;
  return input;
}

/**
 * Characters as a person counts them, near enough: code points after normalisation.
 * @param {string} text
 * @returns {number}
 */
function countCharacters(text) {
  let count = 0;
  for (const _ of text.normalize('NFKC')) count += 1;
  return count;
}
