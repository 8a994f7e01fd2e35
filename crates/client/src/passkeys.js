/**
 * Whether a person who wants a passkey must make it on the enclave's own page, because the frame
 * cannot. Without passkeys at all there is nothing to offer.
 *
 * Where the browser can be asked, it is: Chromium tells what this frame may do, an engine too old
 * for the feature and a policy of this page included. The others cannot be asked; of them Firefox
 * creates passkeys in frames since version 123, and WebKit has not said when it will. WebKit is
 * known by the vendor that the HTML standard prescribes for it. A wrong guess costs nothing but a
 * link too many.
 *
 * @param {HTMLIFrameElement} iframe
 * @param {string} origin
 * @returns {boolean}
 */
export function needsOwnTab(iframe, origin) {
  if (typeof PublicKeyCredential === 'undefined') return false;
  const { featurePolicy: policy } =
    /** @type {{ featurePolicy?: { allowsFeature(name: string, origin: string): boolean } }} */ (
      /** @type {unknown} */ (iframe)
    );
  if (policy) return !policy.allowsFeature('publickey-credentials-create', origin);
  return navigator.vendor === 'Apple Computer, Inc.';
}
