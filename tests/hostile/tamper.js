// Connects with the client library to many changed enclaves at once, each pinned to the release
// that it claims to be, and has each verified.
import { connect } from '/client/index.js';
import { verifyEnclave } from '/client/verify.js';

async function attempt(release) {
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
  return { code, ms };
}

async function verified(release) {
  const { level, steps } = await verifyEnclave({ release });
  const failed = steps.filter(({ ok }) => ok === false).map(({ id }) => id);
  return { level, failed };
}

export default async function attack({ urls }) {
  const pin = await (await fetch('/release.json')).json();
  const releases = urls.map((url) => ({ ...pin, url }));
  // One after the other: what hashes megabytes would make the clocks of the first late.
  const attempts = await Promise.all(releases.map(attempt));
  const reports = await Promise.all(releases.map(verified));
  return attempts.map((attempt, index) => ({ ...attempt, ...reports[index] }));
}
