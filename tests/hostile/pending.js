// Calls that cannot be answered: each ends with an error of its own, and the line lives on.
import { connect } from '/client/index.js';

const outcome = (promise) => promise.then(() => 'result', ({ code }) => code);

async function timed(promise) {
  const start = performance.now();
  const code = await outcome(promise);
  return { code, ms: performance.now() - start };
}

/** One screen ends and the next one comes in the same moment: nobody has closed the second. */
async function swapped(kms) {
  const first = new AbortController();
  const aborted = timed(kms.setup({ signal: first.signal }));
  const soon = performance.now() + 10_000;
  while (!document.querySelector('dialog[open]')) {
    if (performance.now() > soon) throw new Error('no sheet came up');
    await new Promise((next) => setTimeout(next, 10));
  }
  first.abort();
  const second = timed(kms.setup({ deadlineMs: 800 }));
  const until = performance.now() + 300;
  while (performance.now() < until);
  return [await aborted, await second];
}

export default async function attempt() {
  const release = await (await fetch('/release.json')).json();
  const kms = await connect({ release });
  const found = {};
  found.aborted = await timed(kms.setup({ signal: AbortSignal.timeout(300) }));
  found.abortedBefore = await timed(kms.ping({ signal: AbortSignal.abort() }));
  found.deadline = await timed(kms.setup({ deadlineMs: 300 }));
  found.swapped = await swapped(kms);
  found.alive = await outcome(kms.ping());
  const waiting = [kms.setup(), kms.ping(), kms.status()].map(timed);
  kms.close();
  found.closed = await Promise.all(waiting);
  found.after = await outcome(kms.ping());
  found.frames = document.querySelectorAll('iframe').length;
  return found;
}
