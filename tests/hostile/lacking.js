// Enclaves in browsers that lack something (the name of the frame says what): how each of them
// answers a client, and when.
import { embed, offer } from './raw.js';

async function answer(kms, name) {
  const start = performance.now();
  const frame = await embed(`${kms}/`, { name });
  const line = offer(frame.contentWindow, kms);
  const { event, data } = (await line.wait(({ event }) => event !== undefined, 10_000)) ?? {};
  const ms = performance.now() - start;
  frame.remove();
  return { event, code: data?.code, detail: data?.detail, ms };
}

/** One after another, and beside them the one that takes long. */
export default async function attack({ kms, names, slow }) {
  const late = answer(kms, slow);
  const found = {};
  for (const name of names) found[name] = await answer(kms, name);
  return { ...found, [slow]: await late };
}
