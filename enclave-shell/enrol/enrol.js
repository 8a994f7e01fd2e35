// A page of the enclave's origin for a tab of its own: one button, one passkey, one result. It has
// no vault, storage, worker, channel or network, and nothing to do with the page that linked to it.

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
 * Shows the page's only card.
 * @param {string} title
 * @param {Node[]} content
 */
function showCard(title, ...content) {
  const heading = make('h1', { id: 'title' }, brandMark(), title);
  const foot = make('footer', { class: 'foot' }, TEXT.footer(ENROL.version));
  const card = make('main', { class: 'card', 'aria-labelledby': 'title' }, heading, ...content);
  document.title = title;
  document.body.replaceChildren(card, foot);
}

/**
 * @param {'framed' | 'elsewhere' | 'unsupported'} why
 */
function showRefusal(why) {
  const body = make('p', { id: 'refused', role: 'alert' }, TEXT.enrol.refused[why]);
  body.dataset.why = why;
  showCard(TEXT.enrol.refused.title, body);
}

/**
 * Says in words what happened, and what to do next.
 * @param {HTMLElement} result
 * @param {Outcome} outcome
 */
function showOutcome(result, outcome) {
  const { title, body, tone } = TEXT.enrol.outcome[outcome];
  result.dataset.outcome = outcome;
  result.className = `status result ${tone}`;
  result.replaceChildren(make('strong', {}, title), make('p', {}, body));
  if (outcome === 'ready') result.append(make('p', { class: 'next' }, TEXT.enrol.back));
}

/**
 * One ceremony at a time; a button without further use goes away and leaves the focus to the text.
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} result
 */
async function onPress(button, result) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  result.className = 'status result';
  delete result.dataset.outcome;
  result.replaceChildren(TEXT.enrol.busy);
  const outcome = await createPasskey();
  showOutcome(result, outcome);
  button.removeAttribute('aria-disabled');
  button.textContent = TEXT.enrol.again;
  if (outcome !== 'ready') return;
  button.parentElement?.remove();
  result.focus();
}

function showOffer() {
  const button = make('button', { id: 'create', type: 'button', class: 'primary' }, TEXT.enrol.submit);
  const result = make('div', { id: 'result', class: 'status result', role: 'status', tabindex: '-1' });
  const actions = make('div', { class: 'actions' }, button);
  button.addEventListener('click', () => onPress(button, result));
  const site = make('strong', { id: 'site' }, location.host);
  const where = make('p', { class: 'asks' }, make('span', {}, TEXT.enrol.where), ' ', site);
  showCard(TEXT.enrol.title, make('p', {}, TEXT.enrol.explain), where, result, actions);
}

applyStyle();
const hindrance = obstacle();
if (hindrance === null) showOffer();
else showRefusal(hindrance);
