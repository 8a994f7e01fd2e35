// Messages of the enclave's own channels, sent from outside to the frame's window.
import { MESSAGES } from './messages.js';
import { QUIET_MS, connect, frameSaid, heard, pause } from './raw.js';

export default async function attack({ kms }) {
  const { frame, line } = await connect(kms);
  const before = await line.ask('vault.status');
  const events = line.heard.length;
  for (const message of MESSAGES) {
    const { port1, port2 } = new MessageChannel();
    frame.contentWindow.postMessage(message, kms, [port2]);
    port1.onmessage = ({ data }) => heard.push({ data, origin: kms });
  }
  await pause(QUIET_MS);
  const unasked = line.heard.length - events;
  const after = await line.ask('vault.status');
  return {
    said: frameSaid(kms),
    unasked,
    same: JSON.stringify(before.result) === JSON.stringify(after.result),
  };
}
