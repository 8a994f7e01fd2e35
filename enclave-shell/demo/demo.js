// The demo app. It drives the client as any app would; `kms` stands on the console to try out.

import { connect, KmsError } from '/client/index.js';
import '/client/verify.js';
import { backupFact, enrolmentsFact, lockFact, storageFact } from './health.js';
import { auditEntry, errorText, keyItem, LOCK_REASONS, STATES } from './view.js';

const PAGE = 50;
/** @type {(id: string) => any} */
const byId = (id) => document.getElementById(id);
const encoder = new TextEncoder();

/** When each of the vault's buttons is of use. */
const BUTTONS = {
  setup: ['uninitialized'],
  restore: ['uninitialized'],
  unlock: ['locked'],
  manage: ['unlocked'],
  backup: ['unlocked'],
  lock: ['unlocked'],
  reset: ['locked', 'unlocked'],
  reconnect: ['error'],
};

/** Errors that say that the vault is not in the state that was shown. */
const STALE = ['locked', 'not_initialized', 'already_initialized'];

const app = {
  kms: undefined,
  state: 'connecting',
  selected: undefined,
  signature: undefined,
  listing: undefined,
  shown: undefined,
  stale: false,
};

function showError(error) {
  byId('alert').hidden = !error;
  byId('error-text').textContent = error ? errorText(error) : '';
  byId('error').textContent = error ? error.code ?? 'unexpected' : '';
}

function showState(state, note) {
  app.state = state;
  const { pill, text } = STATES[state];
  byId('status').textContent = pill;
  byId('status').dataset.state = state;
  byId('vault-text').textContent = note ?? text;
  for (const [id, states] of Object.entries(BUTTONS)) byId(id).hidden = !states.includes(state);
  if (state !== 'unlocked') forget();
  enable();
}

/** Buttons that cannot work now are disabled. */
function enable() {
  const open = app.state === 'unlocked';
  for (const id of ['create-ed25519', 'create-p256', 'audit-refresh', 'audit-verify']) {
    byId(id).disabled = !open;
  }
  byId('sign').disabled = !open || !app.selected;
  byId('verify-signature').disabled = !open || !app.selected || !app.signature;
}

/** Nothing of an unlocked vault stays on the page of a locked one. */
function forget() {
  app.selected = undefined;
  app.shown = undefined;
  byId('keys').replaceChildren();
  byId('keys-empty').hidden = false;
  byId('keys-empty').textContent = 'Keys appear here once the vault is unlocked.';
  byId('audit').replaceChildren();
  byId('audit-empty').hidden = false;
  byId('audit-empty').textContent = 'The log can be read once the vault is unlocked.';
  byId('audit-result').textContent = '';
  byId('public').hidden = true;
  clearSignature();
}

function clearSignature() {
  app.signature = undefined;
  byId('signature').textContent = '';
  clearVerdict('verify-result');
  enable();
}

function clearVerdict(id) {
  byId(id).textContent = '';
  delete byId(id).dataset.valid;
}

function verdict(id, valid, text) {
  byId(id).dataset.valid = String(valid);
  byId(id).textContent = text;
}

/**
 * @param {string} id
 * @param {import('./health.js').Fact} fact
 */
function showFact(id, { text, tone = '' }) {
  byId(id).textContent = text;
  byId(id).dataset.tone = tone;
}

async function showStatus() {
  const status = await app.kms.status();
  showState(status.state);
  showFact('fact-enrolments', enrolmentsFact(status));
  showFact('fact-lock', lockFact(status));
  showFact('storage', storageFact(status));
  showFact('backup-state', backupFact(status));
  if (status.state === 'unlocked') await Promise.all([showKeys(), showAudit()]);
}

async function showKeys() {
  const keys = [];
  let unreadable = 0;
  let cursor;
  do {
    const page = await app.kms.keys.list(cursor ? { cursor } : {});
    keys.push(...page.keys);
    unreadable += page.unreadable;
    cursor = page.next;
  } while (cursor);
  if (app.state !== 'unlocked') return;
  keys.sort((a, b) => b.created - a.created);
  if (!keys.some(({ keyId }) => keyId === app.selected)) app.selected = keys[0]?.keyId;
  // What is there already stays: somebody may be about to press it.
  const shown = JSON.stringify([app.selected, keys]);
  if (shown !== app.shown) {
    byId('keys').replaceChildren(...keys.map((key) => keyItem(key, key.keyId === app.selected)));
    app.shown = shown;
  }
  byId('keys-empty').hidden = keys.length > 0 && unreadable === 0;
  byId('keys-empty').textContent = unreadable > 0
    ? `${unreadable} of the vault’s keys cannot be read. Open the keys in the vault to see which.`
    : 'No keys yet. Make the first one above.';
  enable();
  await showPublicKey();
}

/** Lists the keys again. However often they change meanwhile, once more is enough. */
function listAgain() {
  app.stale = true;
  app.listing ??= list().catch(showError).finally(() => (app.listing = undefined));
}

async function list() {
  while (app.stale && app.state === 'unlocked') {
    app.stale = false;
    await showKeys();
  }
}

async function showPublicKey() {
  const keyId = app.selected;
  byId('public').hidden = !keyId;
  if (!keyId) return;
  const { jwk } = await app.kms.keys.publicKey(keyId).catch((error) => {
    if (error.code !== 'no_public_key') throw error;
    return {};
  });
  if (keyId !== app.selected) return;
  byId('public').hidden = !jwk;
  byId('public-key').textContent = JSON.stringify(jwk, null, 2) ?? '';
}

async function select(keyId) {
  app.selected = keyId;
  clearSignature();
  await showPublicKey();
}

async function create(spec) {
  const label = byId('label').value.trim();
  const confirmed = byId('confirmed').checked;
  const { keyId } = await app.kms.keys.create({
    spec,
    ...(label && { label }),
    ...(confirmed && { policy: { operations: ['sign', 'verify'], confirmation: 'sheet' } }),
  });
  byId('label').value = '';
  byId('confirmed').checked = false;
  app.selected = keyId;
  clearSignature();
  await Promise.all([showKeys(), showAudit()]);
}

async function sign() {
  clearVerdict('verify-result');
  app.signature = await app.kms.sign(app.selected, encoder.encode(byId('message').value));
  const base64 = btoa(String.fromCharCode(...app.signature));
  byId('signature').textContent =
    base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  enable();
  await showAudit();
}

async function verifySignature() {
  const data = encoder.encode(byId('message').value);
  const valid = await app.kms.verify(app.selected, data, app.signature);
  verdict('verify-result', valid, valid ? 'Valid' : 'Not valid for this text and key');
  await showAudit();
}

async function showAudit() {
  const { checkpoint } = await app.kms.audit.list({ limit: 1 });
  const from = Math.max(1, checkpoint.count - PAGE + 1);
  const { entries } = await app.kms.audit.list({ from, limit: PAGE });
  if (app.state !== 'unlocked') return;
  byId('audit').replaceChildren(...entries.reverse().map(auditEntry));
  byId('audit-empty').hidden = entries.length > 0;
  byId('audit-empty').textContent = 'Nothing has happened yet.';
}

async function verifyAudit() {
  clearVerdict('audit-result');
  try {
    const { count } = await app.kms.audit.verify();
    verdict('audit-result', true, `All ${count} entries are linked and unchanged`);
  } catch (error) {
    if (error.code !== 'audit_corrupt') throw error;
    verdict('audit-result', false, 'The log is damaged or was altered');
  }
}

/** Runs what a button does: one at a time, errors shown, and a closed sheet is no error. */
async function run(button, work) {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  showError(undefined);
  try {
    await work();
  } catch (error) {
    showError(error);
    if (!(error instanceof KmsError)) throw error;
    if (STALE.includes(error.code)) await showStatus().catch(showError);
  } finally {
    button.removeAttribute('aria-busy');
  }
}

function listen(kms) {
  const refresh = () => showStatus().catch(showError);
  kms.on('unlocked', refresh);
  kms.on('keys_changed', listAgain);
  kms.on('locked', ({ reason }) => showState('locked', LOCK_REASONS[reason]));
  kms.on('closed', ({ error }) => {
    showState('error');
    showError(error);
  });
}

async function start() {
  showState('connecting');
  showError(undefined);
  try {
    const answer = await fetch('/release.json', { cache: 'no-cache' });
    if (!answer.ok) throw new KmsError('invalid_release', { detail: 'no release.json' });
    const release = await answer.json();
    const kms = await connect({ release });
    app.kms = kms;
    globalThis.kms = kms;
    Object.assign(byId('verify'), { release, kms });
    byId('facts').hidden = false;
    byId('fact-origin').textContent = new URL(kms.origin).host;
    byId('fact-release').textContent = release.version;
    listen(kms);
    await showStatus();
  } catch (error) {
    showState('error');
    showError(error);
  }
}

const ACTIONS = {
  'setup': () => app.kms.setup().then(showStatus),
  'unlock': () => app.kms.unlock().then(showStatus),
  'lock': () => app.kms.lock().then(showStatus),
  'manage': () => app.kms.manage().then(showStatus),
  'backup': () => app.kms.backup().then(showStatus),
  'restore': () => app.kms.restore().then(showStatus),
  'reset': () => app.kms.reset().then(showStatus),
  'create-ed25519': () => create('ed25519'),
  'create-p256': () => create('ec-p256'),
  'sign': sign,
  'verify-signature': verifySignature,
  'audit-refresh': showAudit,
  'audit-verify': verifyAudit,
  'reconnect': start,
};
for (const [id, work] of Object.entries(ACTIONS)) {
  byId(id).addEventListener('click', ({ currentTarget }) => run(currentTarget, work));
}
byId('keys').addEventListener('change', ({ target }) => {
  select(target.value).catch(showError);
});
byId('message').addEventListener('input', () => clearVerdict('verify-result'));

start();
