// Makes key after key over the connection of session.js, until it is told to stop or dies.
import { ask } from './session.js';

const made = { keys: [], errors: [] };
let work = null;

async function churn(count) {
  for (let i = 0; i < count; i++) {
    const reply = await ask('keys.create', { spec: i % 2 ? 'ed25519' : 'ec-p256' });
    if (reply?.error) made.errors.push(reply.error.code);
    else made.keys.push(reply.result.keyId);
  }
  return made;
}

const STEPS = {
  start: ({ count = Infinity }) => {
    work = churn(count);
    return null;
  },
  made: () => made,
  end: () => work,
};

export default ({ op, ...argument }) => STEPS[op](argument);
