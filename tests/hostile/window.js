// Opens pages of the enclave's origin in windows of their own, as the opener that such a page
// must not trust, and tries all that an opener can.
import { MESSAGES } from './messages.js';
import { QUIET_MS, hello, heard, Line, pause } from './raw.js';

const METHODS = ['vault.status', 'vault.setup', 'vault.unlock', 'vault.reset', 'keys.list'];

/** What of the window can be touched at all; a severed one may still be this page's empty one. */
function reach(opened, { origin }) {
  const reached = [];
  for (const [name, look] of [
    ['document', () => opened.document.body.textContent],
    ['storage', () => opened.indexedDB.open('ats-kms')],
    ['frames', () => opened.frames[0].indexedDB],
    ['location', () => opened.location.href],
  ]) {
    try {
      if (look() && opened.origin === origin) reached.push(name);
    } catch {
      // Another origin, as it should be.
    }
  }
  return reached;
}

/** The window that the last press opened. */
let opened = null;

/** A button for the person, whose press lets any page open a window. */
function prepare(url) {
  opened = null;
  const button = document.createElement('button');
  button.id = 'open';
  button.textContent = 'Open';
  button.addEventListener('click', () => {
    opened = window.open(url);
  });
  document.body.append(button);
}

export default async function attack({ op, url }) {
  if (op === 'prepare') return prepare(url);
  heard.length = 0;
  if (opened === null) return { opened: false };
  const lines = [];
  for (let i = 0; i < 2; i++) {
    await pause(QUIET_MS);
    const line = new Line();
    lines.push(line);
    opened.postMessage(hello(), '*', [line.far]);
    for (const method of METHODS) {
      line.send({ id: method.replace('.', '-'), method });
      opened.postMessage({ id: 'x', method }, '*');
    }
    for (const message of MESSAGES) opened.postMessage(message, '*');
  }
  await pause(QUIET_MS);
  const said = [...heard.map(({ data }) => data), ...lines.flatMap((line) => line.heard)];
  return { opened: true, said, reached: reach(opened, new URL(url)) };
}
