// What a page of the site itself tries with a lease it was given, one attack after another. It
// runs over the connection of session.js.
import { ask } from './session.js';

const outcome = (reply) => reply?.error?.code ?? 'result';

/** Claims of a token, as whoever receives it reads them. */
function claimsOf(token) {
  const text = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
  return JSON.parse(atob(text));
}

export default async function attack({ leaseId, keyId, audience }) {
  const issue = (more) => ask('vapid.issue_token', { leaseId, audience, ...more });
  const answers = {};
  const attempt = async (name, reply) => (answers[name] = outcome(await reply));

  // The predecessor took all of these.
  await attempt('ten years', issue({ exp: 2_100_000_000 }));
  await attempt('own claims', issue({ sub: 'mailto:person@site.example', uid: 'person' }));
  await attempt('another audience', issue({ audience: 'https://push.evil.example' }));
  await attempt('no push service', issue({ audience: 'http://push.example' }));
  await attempt('another lease', issue({ leaseId: 'A'.repeat(22) }));
  await attempt('extension without terms', ask('leases.extend', { leaseId }));
  await attempt('extension by a credential', ask('leases.extend', {
    leaseId, lifeMs: 86_400_000, tokens: 100, passphrase: 'hunter2',
  }));
  await attempt('extension for ever', ask('leases.extend', { leaseId, lifeMs: 1e12, tokens: 1 }));
  await attempt('lease for ever', ask('vapid.create_lease', {
    keyId, audiences: [audience], lifeMs: 1e12, tokens: 1,
  }));
  await attempt('lease for everything', ask('vapid.create_lease', {
    keyId, audiences: ['*'], lifeMs: 86_400_000, tokens: 1,
  }));
  await attempt('sender with a name', ask('vapid.create_lease', {
    keyId, audiences: [audience], lifeMs: 86_400_000, tokens: 1, contact: 'mailto:a@site.example',
  }));

  // All at once: it counted without a lock.
  const replies = await Promise.all(Array.from({ length: 60 }, () => issue()));
  const issued = replies.filter((reply) => reply?.result).map(({ result }) => result);
  const refused = [...new Set(replies.filter((reply) => reply?.error).map(outcome))];
  return {
    answers,
    issued: issued.length,
    refused,
    claims: issued.map(({ token }) => Object.keys(claimsOf(token)).sort().join(' ')),
    lives: issued.map(({ token }) => claimsOf(token).exp - Date.now() / 1000),
  };
}
