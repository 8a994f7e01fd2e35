// A hostile server's page with its own script: does it run, when the client pins the release?
import { connect } from '/client/index.js';
import { heard, pause } from './raw.js';

export default async function attack({ url }) {
  const release = await (await fetch('/release.json')).json();
  heard.length = 0;
  const waiting = connect({ release: { ...release, url } }).then(
    (kms) => {
      kms.close();
      return 'ready';
    },
    (error) => error.code,
  );
  await pause(1500);
  return { ran: heard.some(({ data }) => data === 'hostile code ran'), code: await waiting };
}
