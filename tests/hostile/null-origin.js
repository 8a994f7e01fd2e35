// A sandboxed page without an origin embeds the enclave and shakes hands.
import { QUIET_MS, heard, pause } from './raw.js';

const inner = (kms) => `<!doctype html><script>
  const frame = document.createElement('iframe');
  frame.sandbox = 'allow-scripts allow-same-origin';
  const said = [];
  onmessage = ({ data }) => said.push(data);
  frame.onload = () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => said.push(data);
    const nonce = 'AAAAAAAAAAAAAAAAAAAAAA';
    const hello = { kind: 'ats-kms/connect', protocol: { min: 1, max: 1 }, nonce };
    frame.contentWindow.postMessage(hello, '*', [port2]);
    setTimeout(() => parent.postMessage({ kind: 'inner', origin, said }, '*'), ${QUIET_MS * 2});
  };
  frame.src = '${kms}/';
  document.documentElement.append(frame);
</script>`;

export default async function attack({ kms }) {
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.srcdoc = inner(kms);
  document.body.append(frame);
  const told = () => heard.find(({ data }) => data.kind === 'inner');
  for (let i = 0; i < 100 && !told(); i++) await pause(50);
  return told()?.data ?? null;
}
