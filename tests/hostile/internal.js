// Messages of the enclave's own channels, sent from outside to the frame's window.
import { QUIET_MS, connect, frameSaid, heard, pause } from './raw.js';

const MESSAGES = [
  { ui: 'submit', passphrase: new TextEncoder().encode('correct horse battery staple') },
  { ui: 'show', screen: 'setup', origin: 'http://evil.localhost' },
  { ui: 'hide' },
  { ui: 'lock' },
  { ui: 'kdf' },
  { kind: 'init', role: 'enclave', release: { version: '0', digests: {} } },
  { kind: 'connect', origin: 'http://evil.localhost', nonce: 'x', version: 1 },
  { kind: 'booted' },
  { kind: 'boot_failed', code: 'internal', detail: '' },
  { kind: 'crashed' },
  { kind: 'kdf_done' },
  { kind: 'ats-kms/fault', code: 'enclave_crashed' },
];

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
