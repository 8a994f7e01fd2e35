// A page where it may be or not: tries an honest handshake and tells everything it heard.
import { QUIET_MS, embed, frameSaid, offer, pause } from './raw.js';

export default async function attack({ kms, attributes = {} }) {
  const frame = await embed(`${kms}/`, attributes);
  const line = offer(frame.contentWindow, '*');
  await line.wait((data) => 'event' in data, QUIET_MS * 2);
  await pause(50);
  return { port: line.heard, frame: frameSaid(kms) };
}
