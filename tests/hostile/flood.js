// Ten thousand messages in one turn: every one is answered, with a result or a typed refusal, and
// the line works afterwards. Ids used twice at the same time are refused.
import { connect, pause } from './raw.js';

const COUNT = 10_000;

export default async function attack({ kms }) {
  const { line } = await connect(kms);
  const before = line.heard.length;
  for (let i = 0; i < COUNT; i++) line.send({ id: `f${i}`, method: 'rpc.ping' });
  for (let i = 0; i < 400 && line.heard.length < before + COUNT; i++) await pause(50);
  const codes = {};
  const ids = new Set();
  for (const reply of line.heard.slice(before)) {
    const code = reply.error?.code ?? 'result';
    codes[code] = (codes[code] ?? 0) + 1;
    ids.add(reply.id);
  }
  await pause(1000);
  const alive = await line.ask('rpc.ping');
  return { codes, distinct: ids.size, alive: alive?.result ?? null };
}
