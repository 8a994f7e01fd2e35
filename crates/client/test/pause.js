/**
 * Waits, and then until every message that was under way has arrived, however slow the machine.
 *
 * @param {number} ms
 */
export const pause = async (ms) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
