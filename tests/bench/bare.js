// The least that a frame can do: start a worker and hand it the port ("direct"), or keep the port
// and ask the worker for every message ("relay").

/** The whole worker: it echoes, or signs with a key of its own and nothing around it. */
function serve() {
  const algorithms = {
    'ed25519': [{ name: 'Ed25519' }, { name: 'Ed25519' }],
    'ec-p256': [{ name: 'ECDSA', namedCurve: 'P-256' }, { name: 'ECDSA', hash: 'SHA-256' }],
  };
  const keys = {};

  async function answer({ id, sign, data }) {
    const [make, use] = algorithms[sign];
    keys[sign] ??= await crypto.subtle.generateKey(make, false, ['sign', 'verify']);
    const signature = await crypto.subtle.sign(use, keys[sign].privateKey, data);
    return { id, signature: new Uint8Array(signature) };
  }

  self.onmessage = ({ ports: [port] }) => {
    port.onmessage = async ({ data }) => port.postMessage(data.sign ? await answer(data) : data);
    port.postMessage('ready');
  };
}

const worker = new Worker(URL.createObjectURL(new Blob([`(${serve})()`])));

addEventListener('message', ({ data: mode, ports: [port] }) => {
  if (mode === 'relay') worker.postMessage('port', [relay(port)]);
  else if (mode === 'direct') worker.postMessage('port', [port]);
});

function relay(outer) {
  const { port1, port2 } = new MessageChannel();
  outer.onmessage = ({ data }) => port1.postMessage(data);
  port1.onmessage = ({ data }) => outer.postMessage(data);
  return port2;
}
