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
  byId('ask').disabled = !unlocked || !app.approver;
  byId('approve').disabled = !unlocked || !app.asked || app.approved;
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

/** A new broker has a new log, so its approver has a new key. */
async function makeApprover() {
  const policy = { operations: ['approve'] };
  const { keyId } = await app.kms.keys.create({ spec: 'ed25519', label: 'Approvals', policy });
  const { raw } = await app.kms.keys.publicKey(keyId);
  const { broker, log } = await press('approver', { key: base64url(raw) });
  Object.assign(app, { approver: new Approver(app.kms, keyId), broker, asked: undefined });
  app.approved = false;
  byId('course').replaceChildren();
  byId('broker').textContent = `Its log has the key ${log}`;
}

async function ask() {
  const { id, code } = await press('ask');
  if (!id) throw new Error(code);
  app.asked = (await app.relay.pending()).find((one) => one.id === id);
  app.approved = false;
  tell('asked', 'The agent asks to read contact 42.');
}

async function approve() {
  const { asked, approver, relay } = app;
  const { signed } = await approver.approve(asked, await relay.log(await approver.seen()));
  await relay.approve(asked.id, signed);
  const { status, code } = await press('collect', { id: asked.id });
  if (status !== 200) throw new Error(code);
  app.approved = true;
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

on('approver', makeApprover);
on('ask', ask);
on('approve', approve);
on('use', use);
on('revoke', revoke);
start().catch((error) => {
  byId('error').textContent = error.code ?? error.message;
  byId('alert').hidden = false;
});
