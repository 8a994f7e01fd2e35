// A frame of a stranger beside the enclave's, which frames the enclave's origin once more.
import { heard, pause } from './raw.js';

export default async function attack({ url, evil }) {
  heard.length = 0;
  const frame = document.createElement('iframe');
  frame.src = `${evil}/hostile/inner.html?${encodeURIComponent(url)}`;
  document.body.append(frame);
  // Where the page's policy forbids it, there is nothing to wait for.
  for (let i = 0; i < 80 && !heard.some(({ origin }) => origin === evil); i++) await pause(50);
}
