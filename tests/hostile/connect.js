// The client library against enclaves that do not answer as they should: how it fails, and when.
import { connect } from '/client/index.js';

async function attempt(url, pin) {
  const start = performance.now();
  let code = 'ready';
  let detail;
  try {
    const kms = await connect({ release: url === null ? pin : { ...pin, url } });
    kms.close();
  } catch (error) {
    code = error.code ?? String(error);
    detail = error.detail;
  }
  return { code, detail, ms: performance.now() - start };
}

export default async function attack({ urls }) {
  const release = await (await fetch('/release.json')).json();
  return Promise.all(urls.map((url) => attempt(url, release)));
}
