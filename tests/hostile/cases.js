// The verifier in the client, over the cases that every home of it has to pass: those that come to
// another answer.
import { loadKit, said } from '/client/kit.js';

/** @returns {Promise<{ asked: number, wrong: string[] }>} */
export default async function attack() {
  const cases = await (await fetch('/cases.json')).json();
  const kit = await loadKit();
  const wrong = [];
  for (const { name, question, answer } of cases) {
    const told = said(() => kit.verify(JSON.stringify(question)));
    const same = sorted(told.answer) === sorted(answer);
    if (!same || (told.pin !== null) !== answer.accepted) wrong.push(name);
  }
  return { asked: cases.length, wrong };
}

/** JSON with sorted names. */
function sorted(value) {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
