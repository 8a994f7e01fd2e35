// What a workload asks for and a person approves. The page plays three parts: the approver's app, the
// operator who tells the broker a key, and whoever presses the agent's buttons.

import { connect } from '/client/index.js';
import { Approver, Relay } from '/client/poa.js';

/** @type {(id: string) => any} */
const byId = (id) => document.getElementById(id);

const app = {
  kms: undefined,
  approver: undefined,
  broker: undefined,
  relay: undefined,
  agent: undefined,
  asked: undefined,
  approved: false,
};

const OUTCOMES = {
  token_used: 'Refused: the token was used before.',
  token_revoked: 'Refused: it was revoked.',
  token_missing: 'Refused: it has no token.',
};

function enable() {
  const unlocked = byId('status').dataset.state === 'unlocked';
  byId('approver').disabled = !unlocked;
  byId('second').disabled = !unlocked || app.approver !== undefined;
  byId('ask').disabled = !unlocked || !app.approver;
  byId('ask-rename').disabled = !unlocked || !app.approver;
  byId('approve').disabled = !unlocked || !app.approver || app.approved;
  byId('use').disabled = !app.approved;
  byId('revoke').disabled = !unlocked || !app.approved;
}

function tell(event, text) {
  const item = document.createElement('li');
  item.dataset.event = event;
  item.textContent = text;
  byId('course').append(item);
}

/** Presses one of the agent's buttons. */
async function press(button, body = {}) {
  const response = await fetch(`${app.agent}/${button}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.code);
  return answer;
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * A new broker has a new log, so its approver has a new key. A second person joins the one that is there.
 *
 * @param {'approver' | 'second'} part
 */
async function makeApprover(part) {
  const policy = { operations: ['approve'] };
  const { keyId } = await app.kms.keys.create({ spec: 'ed25519', label: 'Approvals', policy });
  const { raw } = await app.kms.keys.publicKey(keyId);
  const { broker, log } = await press(part, { key: base64url(raw) });
  Object.assign(app, { approver: new Approver(app.kms, keyId), broker, asked: undefined });
  app.approved = false;
  byId('course').replaceChildren();
  byId('broker').textContent = `Its log has the key ${log}`;
}

/** @param {'read' | 'rename'} wish */
async function ask(wish) {
  const { id, code } = await press('ask', { wish });
  if (!id) throw new Error(code);
  app.asked = { id };
  app.approved = false;
  tell('asked', `The agent asks to ${wish} contact 42.`);
}

/** What waits: the second person has not seen it asked. */
async function waiting() {
  const all = await app.relay.pending();
  const one = all.find(({ id, first }) => (app.asked ? id === app.asked.id : first !== null));
  if (one === undefined) throw new Error('Nothing waits for you.');
  return one;
}

async function approve() {
  const { approver, relay } = app;
  const asked = await waiting();
  const { signed } = await approver.approve(asked, await relay.log(await approver.seen()));
  await relay.approve(asked.id, signed);
  Object.assign(app, { asked, approved: true });
  if (JSON.parse(asked.challenge).approvals === 2 && asked.first === null) {
    tell('first', 'You approved it. It takes a second person.');
    return;
  }
  const { status, code } = await press('collect', { id: asked.id });
  if (status !== 200) throw new Error(code);
  tell('approved', 'You approved it. The agent has its token.');
}

async function use() {
  const { status, code, name } = await press('use', { id: app.asked.id });
  if (status === 200) tell('used', `The service answered: ${name}.`);
  else tell(code, OUTCOMES[code] ?? `Refused: ${code}.`);
}

async function revoke() {
  const { approver, relay, broker, asked } = app;
  const { statement } = await approver.revoke(broker, 'challenge', asked.id);
  await relay.state(statement);
  tell('revoked', 'You revoked it.');
}

function showState({ state }) {
  byId('status').dataset.state = state;
  byId('status').textContent = state === 'unlocked' ? 'Unlocked' : 'Locked';
  enable();
}

/** One thing at a time; what goes wrong is shown. */
function on(id, act) {
  byId(id).addEventListener('click', async () => {
    byId('alert').hidden = true;
    try {
      await act();
    } catch (error) {
      byId('error').textContent = error.code ?? error.message;
      byId('alert').hidden = false;
    }
    enable();
  });
}

async function start() {
  const places = await (await fetch('/workloads.json')).json();
  app.relay = new Relay(places.relay);
  app.agent = places.agent;
  const release = await (await fetch('/release.json')).json();
  app.kms = await connect({ release });
  app.kms.on('locked', () => showState({ state: 'locked' }));
  const status = await app.kms.status();
  if (status.state === 'uninitialized') showState(await app.kms.setup());
  else showState(status.state === 'locked' ? await app.kms.unlock() : status);
}

on('approver', () => makeApprover('approver'));
on('second', () => makeApprover('second'));
on('ask', () => ask('read'));
on('ask-rename', () => ask('rename'));
on('approve', approve);
on('use', use);
on('revoke', revoke);
start().catch((error) => {
  byId('error').textContent = error.code ?? error.message;
  byId('alert').hidden = false;
});
