// Ways out that must be closed in the frame and in the worker alike; both embed this file.
// Each answers true when the forbidden thing worked.

/**
 * True when the action did not throw.
 * @param {() => unknown} action
 * @returns {boolean}
 */
function succeeds(action) {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

/** An address that would answer if a request could leave: a failure there proves nothing else. */
function reachable() {
  return `${self.origin}/`;
}

/** @returns {Promise<boolean>} */
function fetchWorks() {
  return fetch(reachable(), { cache: 'no-store' }).then(
    () => true,
    () => false,
  );
}

/** @returns {Promise<boolean>} */
function xhrWorks() {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onload = () => resolve(true);
    request.onerror = () => resolve(false);
    try {
      request.open('GET', reachable());
      request.send();
    } catch {
      resolve(false);
    }
  });
}

/** @returns {Promise<boolean>} */
function socketWorks() {
  return new Promise((resolve) => {
    try {
      const socket = new WebSocket(reachable().replace(/^http/, 'ws'));
      socket.onopen = () => resolve(true);
      socket.onerror = () => resolve(false);
    } catch {
      resolve(false);
    }
  });
}

/** @returns {Promise<boolean>} */
function importWorks() {
  const script = 'data:text/javascript,0';
  return import(script).then(
    () => true,
    () => false,
  );
}
