// A service worker of the embedder that answers all it can get hold of: the frame's loads pass it by.
import { connect } from '/client/index.js';

const SCOPE = '/hostile/';

async function controlled() {
  const ready = new Promise((resolve) => {
    navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true));
    setTimeout(() => resolve(false), 10_000);
  });
  await navigator.serviceWorker.register(`${SCOPE}interceptor-worker.js`, { scope: SCOPE });
  return navigator.serviceWorker.controller !== null || ready;
}

/** Everything the worker has answered since the last question. */
function ask() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    navigator.serviceWorker.controller.postMessage('seen', [port2]);
  });
}

export default async function attack({ kms }) {
  const release = await (await fetch('/release.json')).json();
  const found = { controlled: await controlled() };
  if (!found.controlled) return found;
  found.own = (await (await fetch(`${kms}/`)).text()) === 'intercepted';
  await ask();
  try {
    (await connect({ release })).close();
    found.code = 'ready';
  } catch (error) {
    found.code = error.code ?? String(error);
  }
  found.seen = (await ask()).filter((url) => url.startsWith(kms));
  for (const known of await navigator.serviceWorker.getRegistrations()) await known.unregister();
  return found;
}
