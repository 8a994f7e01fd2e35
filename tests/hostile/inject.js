// While a person is asked something: every internal message, to the frame's window and over the
// connection, with ports to answer on. Nothing may come back, and the person is still asked.
import { GUESSES, MESSAGES } from './messages.js';
import { QUIET_MS, frameSaid, pause } from './raw.js';
import { current } from './session.js';

export default async function attack({ kms }) {
  const { frame, line } = current();
  const answers = [];
  const codes = new Set();
  for (const message of MESSAGES) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => answers.push(data);
    frame.contentWindow.postMessage(message, kms, [port2]);
    const second = new MessageChannel();
    second.port1.onmessage = ({ data }) => answers.push(data);
    const reply = await line.next(message, 3000, [second.port2]);
    codes.add(reply?.error?.code ?? 'result');
  }
  for (const guess of GUESSES) frame.contentWindow.postMessage(guess, kms);
  for (const guess of GUESSES.filter(({ ui }) => ui === 'confirm')) {
    const reply = await line.next(guess);
    codes.add(reply?.error?.code ?? 'result');
  }
  await pause(QUIET_MS);
  return { answers, said: frameSaid(kms), codes: [...codes] };
}
