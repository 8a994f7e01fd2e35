// Many hostile servers at once, each said to be the pinned enclave: does any code of theirs run,
// do they pass for the enclave, and what does the check say of them?
import { connect } from '/client/index.js';
import { verifyEnclave } from '/client/verify.js';
import { heard, pause } from './raw.js';

async function attempt(url, pin, index, timeoutMs) {
  const release = { ...pin, url };
  let kms;
  let code = 'ready';
  try {
    kms = await connect({ release, timeoutMs });
  } catch (error) {
    code = error.code ?? String(error);
  }
  const { level, notProven } = await verifyEnclave({ release, kms });
  const pinned = kms?.isolation().pin ?? null;
  kms?.close();
  const ran = heard.some(({ data }) => data === `canary ${index}`);
  return { code, level, pinned, ran, told: notProven.some((text) => text.includes('dishonest')) };
}

export default async function attack({ urls, timeoutMs, control }) {
  heard.length = 0;
  const release = await (await fetch('/release.json')).json();
  // By itself and with time: whether it starts does not depend on how busy the others keep it.
  const honest = control && (await attempt(control, release, -1, 30_000));
  const found = await Promise.all(
    urls.map((url, index) => attempt(url, release, index, timeoutMs)),
  );
  await pause(100);
  return { honest, found };
}
