// Hostile servers with pages and scripts of their own: does anything of theirs run, when the
// client pins the release?
import { connect } from '/client/index.js';
import { verifyEnclave } from '/client/verify.js';
import { heard, pause } from './raw.js';

async function attempt(url, pin) {
  const release = { ...pin, url };
  const waiting = connect({ release }).then(
    (kms) => {
      kms.close();
      return 'ready';
    },
    (error) => error.code,
  );
  const { level } = await verifyEnclave({ release });
  const code = await waiting;
  await pause(50);
  return { code, level, ran: heard.some(({ origin }) => origin === url) };
}

export default async function attack({ urls }) {
  const release = await (await fetch('/release.json')).json();
  return Promise.all(urls.map((url) => attempt(url, release)));
}
