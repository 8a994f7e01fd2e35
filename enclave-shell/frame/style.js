// The one stylesheet. It is part of the module, so that the module's digest pins it too.

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #eef1f3; --card: #ffffff; --ink: #16202a; --soft: #51606e; --line: #d5dce2;
  --field: #ffffff; --edge: #7b8a98; --brand: #0b6a5f; --brand-deep: #08554c; --on-brand: #ffffff;
  --tint: #e6f2f0; --note: #fdf4e1; --note-ink: #6a4700; --bad: #a81c1c; --bad-tint: #fdecec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1419; --card: #172027; --ink: #e8edf1; --soft: #a5b2bd; --line: #2b3742;
    --field: #10181e; --edge: #71808d; --brand: #5cc9b8; --brand-deep: #7bd8c9; --on-brand: #06211d;
    --tint: #14302d; --note: #2f2714; --note-ink: #f2d59a; --bad: #ff9d94; --bad-tint: #361b1c;
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 16px;
  display: flex; flex-direction: column; align-items: center; justify-content: safe center;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.card {
  width: 100%; max-width: 27rem; padding: 24px; border: 1px solid var(--line);
  border-radius: 16px; background: var(--card);
  box-shadow: 0 1px 2px #0000000d, 0 8px 28px #00000014;
}
h1 {
  display: flex; align-items: center; gap: 10px; margin: 0 0 14px;
  font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -.012em;
}
h1 svg { flex: none; width: 26px; height: 26px; color: var(--brand); }
p { margin: 0 0 12px; }
.soft, .hint, .foot { color: var(--soft); font-size: 14px; line-height: 1.45; }
.asks { margin: 0 0 12px; padding: 10px 14px; border-radius: 10px; background: var(--tint); }
.asks strong { display: block; overflow-wrap: anywhere; font-weight: 650; }
.asks span { font-size: 14px; }
.note {
  margin: 0 0 14px; padding: 10px 14px; border-radius: 10px;
  background: var(--note); color: var(--note-ink); font-size: 14px; line-height: 1.45;
}
form { margin: 0; }
label { display: block; margin: 0 0 4px; font-size: 14px; font-weight: 600; }
.field { margin: 0 0 10px; }
.line { display: flex; align-items: baseline; justify-content: space-between; gap: 12px; }
input {
  width: 100%; min-height: 44px; padding: 8px 12px;
  border: 1px solid var(--edge); border-radius: 10px;
  background: var(--field); color: var(--ink); font: inherit;
}
.hint { min-height: 1.45em; margin: 4px 0 0; }
progress {
  appearance: none; display: block; width: 100%; height: 4px; margin: 6px 0 0;
  border: 0; border-radius: 2px; background: var(--line); overflow: hidden;
}
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--edge); border-radius: 2px; }
progress::-moz-progress-bar { background: var(--edge); border-radius: 2px; }
progress.enough::-webkit-progress-value { background: var(--brand); }
progress.enough::-moz-progress-bar { background: var(--brand); }
button {
  min-height: 44px; padding: 8px 18px; border: 1px solid transparent; border-radius: 10px;
  font: inherit; font-weight: 600; cursor: pointer;
}
button:disabled { cursor: default; }
.primary { background: var(--brand); color: var(--on-brand); flex: 1 1 auto; }
.primary:hover:enabled { background: var(--brand-deep); }
.primary:disabled { background: var(--line); color: var(--soft); }
.plain { background: transparent; border-color: var(--edge); color: var(--ink); }
.plain:hover:enabled { background: var(--tint); }
.quiet {
  min-height: 24px; margin: 0 -4px; padding: 0 4px; border-radius: 6px;
  background: none; color: var(--brand); font-size: 14px;
}
.quiet:hover { text-decoration: underline; }
.actions { display: flex; flex-direction: row-reverse; gap: 12px; margin: 12px 0 0; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
input:focus-visible { border-color: var(--brand); outline-width: 2px; outline-offset: -1px; }
.problem {
  margin: 0 0 12px; padding: 10px 14px; border-radius: 10px; background: var(--bad-tint);
  color: var(--bad); font-size: 14px; font-weight: 600;
}
.status { margin: 12px 0 0; color: var(--soft); font-size: 14px; line-height: 1.45; }
/* Kept in the tree while empty, so that what they say later is spoken. */
.problem:empty, .status:empty { margin: 0; padding: 0; }
.busy .primary::before {
  content: ""; display: inline-block; width: 14px; height: 14px; margin-right: 9px;
  border: 2px solid currentColor; border-right-color: transparent; border-radius: 50%;
  vertical-align: -2px; animation: turn .9s linear infinite;
}
@keyframes turn { to { transform: rotate(1turn); } }
.foot { margin: 10px 0 0; font-size: 13px; text-align: center; overflow-wrap: anywhere; }
code { font: 14px/1.4 ui-monospace, "Cascadia Mono", Consolas, monospace; }
/* In the client's sheet the frame is the card. */
@media (max-width: 30rem) {
  html { background: var(--card); }
  body { justify-content: flex-start; padding: 0 0 12px; }
  .card { padding: 20px 20px 0; border: 0; border-radius: 0; box-shadow: none; }
}
@media (max-width: 23rem) { .card { padding: 16px 16px 0; } }
@media (prefers-reduced-motion: reduce) {
  .busy .primary::before { animation-duration: 4s; animation-timing-function: steps(8); }
}
@media (forced-colors: active) {
  .card, .asks, .note, .problem, .primary { border: 1px solid; }
}
`;

/** Puts the stylesheet on the document; the CSP allows no other way. Plain text where it cannot. */
function applyStyle() {
  if (!document.adoptedStyleSheets) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets = [sheet];
}
