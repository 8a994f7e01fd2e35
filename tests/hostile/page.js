// Runs the attacks that the tests name; each is a module of its own.

/**
 * @param {string} name
 * @param {unknown} argument
 * @returns {Promise<unknown>}
 */
window.attack = async (name, argument) => {
  const attack = await import(`/hostile/${name}.js`);
  return attack.default(argument);
};
