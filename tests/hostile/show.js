// What `<kms-verify>` reports and shows of a release by a policy, of a running enclave if it is to connect.
// A module, since in Firefox the scripts of a driver are bound by no policy of the page.
import { connect } from '/client/policy.js';
import '/client/verify.js';

/** @param {{ policy: object, connected: boolean }} asked */
export default async function attack({ policy, connected }) {
  const kms = connected ? await connect({ policy }) : undefined;
  const element = document.createElement('kms-verify');
  Object.assign(element, { policy, memory: null, kms });
  document.body.append(element);
  const { level, by, words } = await element.run();
  const shown = element.shadowRoot;
  const steps = [...shown.querySelectorAll('[data-step]')].map(({ dataset: { step, ok } }) => [step, ok]);
  const text = shown.textContent;
  const attribute = element.getAttribute('level');
  const qr = shown.querySelector('details.qr');
  if (qr) qr.open = true;
  while (qr && qr.children.length < 3) await new Promise((done) => setTimeout(done, 20));
  const dark = qr?.querySelector('svg path')?.getAttribute('d') ?? null;
  kms?.close();
  element.remove();
  return { level, attribute, by, words, dark, steps: Object.fromEntries(steps), text };
}
