// Whoever comes second gets nothing: a second handshake, and one with a second port.
import { QUIET_MS, connect, frameSaid, hello, Line, offer, pause } from './raw.js';

export default async function attack({ kms }) {
  const { frame, line } = await connect(kms);
  const second = offer(frame.contentWindow, kms);
  const [one, two] = [new Line(), new Line()];
  frame.contentWindow.postMessage(hello(), kms, [one.far, two.far]);
  await pause(QUIET_MS);
  second.send({ id: 'x', method: 'rpc.ping' });
  one.send({ id: 'x', method: 'rpc.ping' });
  await pause(QUIET_MS);
  const first = await line.ask('rpc.ping');
  return {
    others: [...second.heard, ...one.heard, ...two.heard],
    frame: frameSaid(kms),
    first: first?.result ?? null,
  };
}
