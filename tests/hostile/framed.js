// Frames a page of the enclave's origin that is no frame page, and speaks to it.
import { MESSAGES } from './messages.js';
import { QUIET_MS, heard, hello, Line, pause } from './raw.js';

export default async function attack({ url, sandbox }) {
  heard.length = 0;
  const frame = document.createElement('iframe');
  if (sandbox) frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms');
  frame.allow = 'publickey-credentials-get *; publickey-credentials-create *';
  frame.src = url;
  document.body.append(frame);
  await pause(QUIET_MS * 2);
  const line = new Line();
  frame.contentWindow.postMessage(hello(), '*', [line.far]);
  for (const message of MESSAGES) frame.contentWindow.postMessage(message, '*');
  await pause(QUIET_MS);
  return [...heard.map(({ data }) => data), ...line.heard];
}
