// Many hostile servers at once, each said to be the pinned enclave: does any code of theirs run,
// do they pass for the enclave, and what does the check say of them?
import { connect } from '/client/index.js';
import { verifyEnclave } from '/client/verify.js';
import { heard, pause } from './raw.js';

async function attempt(url, pins, index, timeoutMs) {
  const all = pins.map((pin) => ({ ...pin, url }));
  const release = all.length > 1 ? all : all[0];
  let kms;
  let code = 'ready';
  try {
    kms = await connect({ release, timeoutMs });
  } catch (error) {
    code = error.code ?? String(error);
  }
  const { level, notProven, version, running } = await verifyEnclave({ release, kms });
  const pinned = kms?.isolation().pin ?? null;
  kms?.close();
  const ran = heard.some(({ data }) => data === `canary ${index}`);
  const runs = kms?.release.version ?? null;
  const versions = { version, running, runs };
  return { code, level, pinned, ran, versions, told: notProven.some((text) => text.includes('dishonest')) };
}

export default async function attack({ urls, timeoutMs, control, next = {} }) {
  heard.length = 0;
  const release = await (await fetch('/release.json')).json();
  // By itself and with time: whether it starts does not depend on how busy the others keep it.
  const honest = control && (await attempt(control, [release], -1, 30_000));
  const found = await Promise.all(
    urls.map((url, index) => {
      const pins = next[index] ? [release, next[index]] : [release];
      return attempt(url, pins, index, timeoutMs);
    }),
  );
  await pause(100);
  return { honest, found };
}
