// Connects with the client library to many changed enclaves at once, each pinned to the release
// that it claims to be, and has each verified.
import { connect } from '/client/index.js';
import { verifyEnclave } from '/client/verify.js';

async function attempt(url, pin) {
  const release = { ...pin, url };
  const start = performance.now();
  let kms;
  let code = 'ready';
  try {
    kms = await connect({ release });
  } catch (error) {
    code = error.code ?? String(error);
  }
  const ms = performance.now() - start;
  kms?.close();
  const { level, steps } = await verifyEnclave({ release });
  const failed = steps.filter(({ ok }) => ok === false).map(({ id }) => id);
  return { code, ms, level, failed };
}

export default async function attack({ urls }) {
  const release = await (await fetch('/release.json')).json();
  return Promise.all(urls.map((url) => attempt(url, release)));
}
