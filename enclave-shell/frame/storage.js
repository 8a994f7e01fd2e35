// What the frame alone can find out about its storage, and ask for.

/**
 * Whether the storage is known to be this embedder's own. Engines that do not tell partition it
 * too; nothing rests on the answer but a line of text.
 * @returns {Promise<boolean | undefined>}
 */
async function isPartitioned() {
  const limit = new Refusal('internal', 'storage access');
  try {
    const shared = await within(document.hasStorageAccess(), PROBE_LIMIT_MS, limit);
    return shared ? undefined : true;
  } catch {
    return undefined;
  }
}

let persistenceAsked = false;

/**
 * Asks the browser not to clear the vault by itself. It may ask the person, so this runs in the
 * turn of the press that makes a vault, and once.
 */
function askToPersist() {
  if (persistenceAsked) return;
  persistenceAsked = true;
  const ignore = () => {};
  navigator.storage?.persist?.().then(ignore, ignore);
}
