// Puts something between the enclave's screen and the person, or takes it away again.
import { current } from './session.js';

const COVERS = {
  /** A sheet of glass with a text of its own, which lets every click through. */
  overlay: () => {
    const glass = document.createElement('div');
    glass.id = 'glass';
    glass.textContent = 'Press the button to win';
    glass.style = 'position: fixed; inset: 0; background: #fffc; pointer-events: none';
    document.body.append(glass);
  },
  /** The frame itself, hardly visible. */
  faint: ({ style }) => {
    style.opacity = '0.01';
  },
  /** The frame in other colours. */
  filtered: ({ style }) => {
    style.filter = 'brightness(20)';
  },
  /** The frame pushed out of the window, but for the part with its buttons. */
  outside: ({ style }) => {
    style.position = 'fixed';
    style.insetBlockStart = '-200px';
  },
  none: ({ style }) => {
    document.getElementById('glass')?.remove();
    style.opacity = style.filter = style.position = style.insetBlockStart = '';
  },
};

export default function cover({ how }) {
  COVERS[how](current().frame);
  return null;
}
