// Takes the page over at once, notes every request and answers those to other origins itself.
const seen = [];

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));

addEventListener('fetch', (event) => {
  const { url } = event.request;
  seen.push(url);
  if (new URL(url).origin !== location.origin) event.respondWith(new Response('intercepted'));
});

addEventListener('message', ({ ports }) => ports[0].postMessage(seen.splice(0)));
