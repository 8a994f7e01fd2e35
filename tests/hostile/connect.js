// The client library against an enclave that does not answer as it should: how it fails, and when.
import { connect } from '/client/index.js';

export default async function attempt({ url, options = {} }) {
  const release = await (await fetch('/release.json')).json();
  const start = performance.now();
  let kms;
  let code = 'ready';
  try {
    kms = await connect({ release: url ? { ...release, url } : release, ...options });
  } catch (error) {
    code = error.code ?? String(error);
  }
  const ms = performance.now() - start;
  kms?.close();
  const frames = document.querySelectorAll('iframe').length;
  return { code, ms, frames };
}
