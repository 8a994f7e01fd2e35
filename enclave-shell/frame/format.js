// Times and sizes in words.

/**
 * A waiting time.
 * @param {number} seconds
 * @returns {string}
 */
function inWords(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return rest === 0
    ? `${Math.floor(seconds / 60)} min`
    : `${Math.floor(seconds / 60)} min ${rest} s`;
}

/**
 * A time after which the vault locks.
 * @param {number} milliseconds
 * @returns {string}
 */
function lockTime(milliseconds) {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  if (minutes % 60 !== 0) return minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return minutes === 60 ? '1 hour' : `${minutes / 60} hours`;
}

/**
 * A day, in the language of the texts; month names leave no doubt about the order of the numbers.
 * @param {number} time milliseconds since 1970
 * @returns {string}
 */
function dayOf(time) {
  return new Date(time).toLocaleDateString('en-GB', { dateStyle: 'medium' });
}

/**
 * A day with the time.
 * @param {number} time milliseconds since 1970
 * @returns {string}
 */
function momentOf(time) {
  return new Date(time).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short' });
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {string}
 */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {number} bytes
 * @returns {string}
 */
function sizeOf(bytes) {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
