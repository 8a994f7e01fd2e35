// The right origin, but a frame beside the enclave instead of its parent. Afterwards the real
// parent must still be served.
import { embed, heard, isReady, offer } from './raw.js';

export default async function attack({ kms }) {
  const enclave = await embed(`${kms}/`);
  await embed('/hostile/sibling.html?frame=0', { sandbox: 'allow-scripts allow-same-origin' });
  const told = () => heard.find(({ data }) => data.kind === 'sibling');
  for (let i = 0; i < 60 && !told(); i++) await new Promise((next) => setTimeout(next, 50));
  const line = offer(enclave.contentWindow, kms);
  const ready = await line.wait(isReady);
  return { sibling: told()?.data ?? null, parentServed: ready !== null };
}
