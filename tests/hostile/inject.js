// While a person is asked something: every internal message, to the frame's window and over the
// connection, with ports to answer on. Nothing may come back, and the person is still asked.
import { GUESSES, MESSAGES } from './messages.js';
import { QUIET_MS, frameSaid, pause } from './raw.js';
import { current } from './session.js';

export default async function attack({ kms }) {
  const { frame, line } = current();
  const answers = [];
  const codes = new Set();
  const channel = () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => answers.push(data);
    return port2;
  };
  for (const message of MESSAGES) frame.contentWindow.postMessage(message, kms, [channel()]);
  for (const guess of GUESSES) frame.contentWindow.postMessage(guess, kms);
  const quiet = pause(QUIET_MS);
  const confirmations = GUESSES.filter(({ ui }) => ui === 'confirm');
  for (const message of [...MESSAGES, ...confirmations]) {
    const reply = await line.next(message, 3000, [channel()]);
    codes.add(reply?.error?.code ?? 'result');
  }
  await quiet;
  return { answers, said: frameSaid(kms), codes: [...codes] };
}
