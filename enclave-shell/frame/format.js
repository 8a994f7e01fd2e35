// Names, times and sizes in words.

/**
 * The words for a name. One that has none is shown itself: what is left out would look as if it
 * were not there.
 * @param {Readonly<Record<string, string>>} words
 * @param {string} name
 * @returns {string}
 */
function wordsFor(words, name) {
  return (Object.hasOwn(words, name) ? words[name] : undefined) ?? name;
}

/**
 * A waiting time.
 * @param {number} seconds
 * @returns {string}
 */
function inWords(seconds) {
  const rest = seconds % 60;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return TEXT.wait.seconds(rest);
  return rest === 0 ? TEXT.wait.minutes(minutes) : TEXT.wait.both(minutes, rest);
}

/**
 * A time after which the vault locks.
 * @param {number} milliseconds
 * @returns {string}
 */
function lockTime(milliseconds) {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  return minutes % 60 === 0 ? TEXT.span.hours(minutes / 60) : TEXT.span.minutes(minutes);
}

/**
 * A long time; what is left of a day, an hour or a minute counts as a whole one.
 * @param {number} milliseconds
 * @returns {string}
 */
function durationOf(milliseconds) {
  const minutes = Math.ceil(milliseconds / 60_000);
  if (minutes < 120) return TEXT.span.minutes(minutes);
  if (minutes < 2880) return TEXT.span.hours(Math.ceil(minutes / 60));
  return TEXT.span.days(Math.ceil(minutes / 1440));
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
  const units = TEXT.bytes;
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/**
 * A moment to the second, as the person's browser writes it.
 * @param {number} time milliseconds since 1970
 * @returns {string}
 */
function localMoment(time) {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/**
 * A public key in PEM (RFC 7468, section 13).
 * @param {Uint8Array} spki
 * @returns {string}
 */
function pemOf(spki) {
  const lines = base64Of(spki).match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function base64Of(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

/**
 * The start of a hash, for people to compare.
 * @param {Uint8Array} hash
 * @returns {string}
 */
function shortHash(hash) {
  const bytes = [...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0'));
  return bytes.join('').replace(/(....)(?=.)/g, '$1 ');
}
