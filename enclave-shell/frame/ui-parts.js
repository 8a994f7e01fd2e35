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
  const heading = make('h1', { id: 'title', tabindex: '-1' }, brandMark(), title);
  const card = make('div', { class: 'card', role, 'aria-labelledby': 'title' });
  if (role === 'dialog') card.setAttribute('aria-modal', 'true');
  card.append(heading, ...children);
  return make('main', {}, card);
}

/** @returns {HTMLElement} */
function footer() {
  return make('footer', { class: 'foot' }, TEXT.footer(RELEASE.version));
}

/** Who asks, as the browser told it: the host, and the scheme where it is insecure. */
function siteName() {
  const origin = ui.view?.origin ?? '';
  return origin.startsWith('https://') ? origin.slice('https://'.length) : origin;
}

/**
 * Who asks, and what for.
 * @param {string} text
 * @returns {HTMLElement}
 */
function askedBy(text) {
  const site = make('strong', { id: 'site' }, siteName());
  return make('p', { class: 'asks' }, site, ' ', make('span', {}, text));
}

/**
 * Not a submit button: the sandbox forbids forms to be sent, so the frame takes the click.
 * @param {string} id
 * @param {string} look
 * @param {string} text
 * @returns {HTMLButtonElement}
 */
function button(id, look, text) {
  return make('button', { type: 'button', id, class: look }, text);
}

/**
 * A button that says what it stands for, and more about it.
 * @param {string} id
 * @param {string} title
 * @param {string} more
 * @param {() => void} choose
 * @returns {HTMLButtonElement}
 */
function choice(id, title, more, choose) {
  const chosen = button(id, 'choice', '');
  chosen.append(make('strong', {}, title));
  if (more !== '') chosen.append(make('span', {}, more));
  onPress(chosen, choose);
  return chosen;
}

/**
 * Runs for a press of the person's own, and only while an answer is taken.
 * @param {HTMLElement} target
 * @param {() => void} press
 */
function onPress(target, press) {
  target.dataset.press = '';
  target.addEventListener('click', (event) => {
    if (event.isTrusted && mayPress()) press();
  });
}

/**
 * A warning whose first words stand out.
 * @param {string} title
 * @param {string} text
 * @returns {HTMLElement}
 */
function note(title, text) {
  return make('p', { class: 'note' }, make('strong', {}, title), ` ${text}`);
}

/**
 * A line of explanation.
 * @param {string} text
 * @returns {HTMLElement}
 */
function soft(text) {
  return make('p', { class: 'soft' }, text);
}

/**
 * A plain field with its label.
 * @param {string} id
 * @param {string} label
 * @param {Record<string, string>} attributes
 * @returns {{ box: HTMLElement, input: HTMLInputElement }}
 */
function labelled(id, label, attributes) {
  const input = make('input', { id, ...attributes });
  const box = make('div', { class: 'field' }, make('label', { for: id }, label), input);
  return { box, input };
}

/**
 * A check box or radio button with its label behind it.
 * @param {string} id
 * @param {string} label
 * @param {Record<string, string>} attributes
 * @returns {{ box: HTMLElement, input: HTMLInputElement }}
 */
function tick(id, label, attributes) {
  const input = make('input', { id, ...attributes });
  return { box: make('label', { class: 'tick', for: id }, input, label), input };
}

/** Attributes of a field whose content no browser should complete, correct or send anywhere. */
const VERBATIM = Object.freeze({
  autocomplete: 'off',
  autocapitalize: 'off',
  autocorrect: 'off',
  spellcheck: 'false',
});

/** The button that shows what is typed. */
function revealButton() {
  const reveal = button('reveal', 'quiet', TEXT.show);
  reveal.setAttribute('aria-label', TEXT.showLabel);
  return reveal;
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
    'data-secret': '',
    ...VERBATIM,
    autocomplete,
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

/**
 * Bytes of what is typed. The field's string cannot be wiped; it is read once and dropped.
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function encoded(text) {
  return new TextEncoder().encode(text.normalize('NFKC'));
}

/**
 * Facts, each with its name.
 * @param {string[][]} facts
 * @returns {HTMLElement}
 */
function factList(facts) {
  const list = make('dl', { class: 'contents' });
  for (const [name = '', value = ''] of facts) {
    list.append(make('div', {}, make('dt', {}, name), make('dd', {}, value)));
  }
  return list;
}
