// Asks again and again over the connection of session.js, and notes for how long nothing came.
import { pause } from './raw.js';
import { ask } from './session.js';

const seen = { still: 0, slowest: 0 };
let going = false;
let work = null;

const since = (start) => performance.now() - start;

async function go() {
  while (going) {
    const start = performance.now();
    await ask('rpc.ping');
    seen.slowest = Math.max(seen.slowest, since(start));
    const rest = performance.now();
    await pause(10);
    seen.still = Math.max(seen.still, since(rest));
  }
  return seen;
}

const STEPS = {
  start: () => {
    going = true;
    work = go();
    return null;
  },
  end: () => {
    going = false;
    return work;
  },
};

export default ({ op }) => STEPS[op]();
