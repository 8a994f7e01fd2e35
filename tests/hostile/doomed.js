// A connection whose enclave will die: what its calls and its `closed` event say.
import { connect } from '/client/index.js';

let doomed;

const STEPS = {
  open: async () => {
    const release = await (await fetch('/release.json')).json();
    const kms = await connect({ release });
    doomed = { closed: null };
    kms.on('closed', ({ error }) => {
      doomed.closed = error.code;
    });
    await kms.ping();
    doomed.kms = kms;
    return null;
  },
  // The page around the enclave throws the frame away, or loads another page into it.
  remove: () => {
    document.querySelector('iframe').remove();
    return null;
  },
  navigate: async () => {
    const frame = document.querySelector('iframe');
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    frame.src = 'about:blank';
    await loaded;
    return null;
  },
  // A call sent to an enclave that is about to die or dead already.
  call: async () => {
    if (doomed === undefined) return { code: 'another page' };
    const start = performance.now();
    const code = await doomed.kms.status().then(() => 'result', (error) => error.code);
    return { code, ms: performance.now() - start, closed: doomed.closed };
  },
};

export default ({ op }) => STEPS[op]();
