import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Sheet } from '../src/sheet.js';
import { pin } from './sample.js';

/** As much of an element as the sheet uses. */
class FakeElement extends EventTarget {
  children = [];
  attributes = {};
  isConnected = true;
  open = false;

  constructor(tag) {
    super();
    this.tag = tag;
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  append(...children) {
    this.children.push(...children);
  }

  showModal() {
    this.open = true;
  }

  close() {
    this.open = false;
  }

  focus() {}

  remove() {}
}

const before = {};
/** Sets a global for one test. */
function play(name, value) {
  before[name] ??= Object.getOwnPropertyDescriptor(globalThis, name) ?? null;
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** The elements that were made, in order. */
let made = [];
beforeEach(() => {
  made = [];
  const createElement = (tag) => {
    made.push(new FakeElement(tag));
    return made.at(-1);
  };
  play('document', { adoptedStyleSheets: [], createElement });
  play('HTMLIFrameElement', class {});
  play('CSSStyleSheet', class {
    replaceSync() {}
  });
});
afterEach(() => {
  for (const [name, descriptor] of Object.entries(before)) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    else delete globalThis[name];
    delete before[name];
  }
});

/** A sheet in a browser of this kind, with the way to the enclave's own page. */
function sheetIn({ passkeys = true, vendor = '', allows = undefined }) {
  play('PublicKeyCredential', passkeys ? class {} : undefined);
  play('navigator', { vendor });
  const sheet = new Sheet(pin.url, pin.csp, () => {});
  if (allows) sheet.iframe.featurePolicy = { allowsFeature: allows };
  sheet.open(new FakeElement('body'), `${pin.url}/`);
  return { sheet, link: made.find(({ tag }) => tag === 'a') };
}
const APPLE = 'Apple Computer, Inc.';

test('the frame may run scripts in its own origin and save files, and nothing else', () => {
  const { sheet } = sheetIn({});
  assert.equal(sheet.iframe.attributes.sandbox, 'allow-scripts allow-same-origin allow-downloads');
  assert.equal(sheet.iframe.attributes.csp, undefined);
});

test('the link leads to the enclave\u2019s own page and hands no window over', () => {
  const { link } = sheetIn({});
  assert.equal(link.href, 'https://kms.example/enrol');
  assert.equal(link.target, '_blank');
  assert.equal(link.rel, 'noopener noreferrer');
  assert.equal(link.hidden, true);
});

test('the link shows on the screens that enrol, as long as they do', () => {
  const { sheet, link } = sheetIn({ vendor: APPLE });
  const steps = [
    [true, 'setup', true],
    [true, 'backup', false],
    [true, 'manage', true],
    [true, 'unlock', false],
    [true, 'manage', true],
    [false, 'manage', false],
    [true, undefined, false],
    [true, { screen: 'setup' }, false],
  ];
  for (const [visible, screen, expected] of steps) {
    sheet.show(visible, screen);
    assert.equal(!link.hidden, expected, `${visible} ${screen}`);
  }
  sheet.show(true, 'setup');
  sheet.remove();
  assert.equal(link.hidden, true);
});

test('the link shows where the frame can create no passkey, and only there', () => {
  const cases = [
    ['WebKit', { vendor: APPLE }, true],
    ['WebKit without passkeys', { vendor: APPLE, passkeys: false }, false],
    ['Firefox', { vendor: '' }, false],
    ['Chromium', { vendor: 'Google Inc.', allows: () => true }, false],
    ['Chromium, forbidden by the page', { vendor: 'Google Inc.', allows: () => false }, true],
    ['a WebKit that can tell', { vendor: APPLE, allows: () => true }, false],
    ['no passkeys at all', { vendor: '', passkeys: false }, false],
  ];
  for (const [name, browser, expected] of cases) {
    const { sheet, link } = sheetIn(browser);
    sheet.show(true, 'setup');
    assert.equal(!link.hidden, expected, name);
    made = [];
  }
});

test('the browser is asked for the one permission of the one origin', () => {
  const asked = [];
  const { sheet } = sheetIn({ allows: (...question) => asked.push(question) > 0 });
  sheet.show(true, 'manage');
  assert.deepEqual(asked, [['publickey-credentials-create', 'https://kms.example']]);
});
