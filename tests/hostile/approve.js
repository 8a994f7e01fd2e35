// What a page tries while the person is asked to approve something. It runs over the connection of
// session.js, on which that request waits.
import { pause, QUIET_MS } from './raw.js';
import { ask, current } from './session.js';

const outcome = (reply) => reply?.error?.code ?? (reply ? 'result' : 'nothing');

export default async function attack({ kms, keyId }) {
  const { frame, line } = current();
  const data = new Uint8Array([1]);
  const digest = new Uint8Array(32);
  const answers = {};
  const attempt = async (name, reply) => (answers[name] = outcome(await reply));
  await attempt('a method that approves', ask('ui.approve', { digest }));
  await attempt('approved beforehand', ask('sign', { keyId, data, approval: digest }));
  await attempt('a policy of its own', ask('sign', { keyId, data, confirmation: 'none' }));
  await attempt('a second question', ask('sign', { keyId, data }));
  await attempt('another screen', ask('vault.manage'));
  await attempt('an answer on the port', line.next({ ui: 'approve', view: 1, digest }));
  for (let view = 0; view < 20; view += 1) {
    for (const ui of ['approve', 'confirm']) {
      frame.contentWindow.postMessage({ ui, view, digest }, kms);
    }
  }
  frame.focus();
  for (const type of ['keydown', 'keypress', 'keyup']) {
    frame.dispatchEvent(new KeyboardEvent(type, { key: 'Enter', code: 'Enter', bubbles: true }));
  }
  frame.click();
  await pause(QUIET_MS);
  return answers;
}
