// Opens the enclave in a window of its own and talks to it as an opener can.
import { QUIET_MS, hello, heard, Line, pause } from './raw.js';

export default async function attack({ kms }) {
  heard.length = 0;
  const popup = window.open(`${kms}/`);
  const lines = [];
  for (let i = 0; i < 4; i++) {
    await pause(QUIET_MS);
    const line = new Line();
    popup?.postMessage(hello(), '*', [line.far]);
    lines.push(line);
  }
  let reached = false;
  try {
    reached = popup?.origin === kms;
  } catch {
    // Another origin, as it should be.
  }
  return { heard: [...heard, ...lines.flatMap((line) => line.heard)], reached };
}
