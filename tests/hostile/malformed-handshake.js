// Handshakes of the wrong form: one typed answer per frame, and no connection.
import { QUIET_MS, embed, frameSaid, hello, heard, Line, pause } from './raw.js';

const FORMS = {
  'no port': (target, kms) => target.postMessage(hello(), kms),
  'two ports': (target, kms) => {
    target.postMessage(hello(), kms, [new Line().far, new Line().far]);
  },
  'extra key': (target, kms) => {
    target.postMessage({ ...hello(), extra: 1 }, kms, [new Line().far]);
  },
  'short nonce': (target, kms) => {
    target.postMessage({ ...hello(), nonce: 'AAAA' }, kms, [new Line().far]);
  },
  'no version': (target, kms) => {
    const { kind, nonce } = hello();
    target.postMessage({ kind, nonce }, kms, [new Line().far]);
  },
  'other version': (target, kms) => {
    target.postMessage({ ...hello(), protocol: { min: 2, max: 9 } }, kms, [new Line().far]);
  },
};

export default async function attack({ kms, form }) {
  const frame = await embed(`${kms}/`);
  FORMS[form](frame.contentWindow, kms);
  FORMS[form](frame.contentWindow, kms);
  for (const noise of ['text', null, 7, { kind: 'other' }, [], { ui: 'lock' }]) {
    frame.contentWindow.postMessage(noise, kms);
  }
  await pause(QUIET_MS);
  const answers = frameSaid(kms);
  heard.length = 0;
  frame.remove();
  return answers;
}
