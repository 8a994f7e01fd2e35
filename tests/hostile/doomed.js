// A connection whose worker will die: what its calls and its `closed` event say.
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
  // A call sent to a worker that is about to die or dead already.
  call: async () => {
    const start = performance.now();
    const code = await doomed.kms.status().then(() => 'result', (error) => error.code);
    return { code, ms: performance.now() - start, closed: doomed.closed };
  },
};

export default ({ op }) => STEPS[op]();
