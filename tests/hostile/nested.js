// A stranger's page frames an honest embedder, which frames the enclave.
import { embed, heard, pause } from './raw.js';

export default async function attack({ kms, pwa }) {
  heard.length = 0;
  const frame = await embed(`${pwa}/hostile/inner.html?${encodeURIComponent(kms)}`);
  for (let i = 0; i < 100 && heard.length === 0; i++) await pause(50);
  frame.remove();
  return { ready: heard[0]?.data.ready ?? null, heard: heard[0]?.data.heard ?? null };
}
