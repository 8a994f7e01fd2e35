// The one stylesheet, of the frame and of the page that creates a passkey. It is part of their scripts,
// so that what pins those pins it too.

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #eef1f3; --card: #ffffff; --ink: #16202a; --soft: #51606e; --line: #d5dce2;
  --field: #ffffff; --edge: #7b8a98; --brand: #0b6a5f; --brand-deep: #08554c; --on-brand: #ffffff;
  --tint: #e6f2f0; --note: #fdf4e1; --note-ink: #6a4700; --bad: #a81c1c; --bad-deep: #861414;
  --bad-tint: #fdecec; --on-bad: #ffffff; --fair: #b26a00;
  --shade: 0 1px 2px #0000000d, 0 8px 28px #00000014;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1419; --card: #172027; --ink: #e8edf1; --soft: #a5b2bd; --line: #2b3742;
    --field: #10181e; --edge: #71808d; --brand: #5cc9b8; --brand-deep: #7bd8c9; --on-brand: #06211d;
    --tint: #14302d; --note: #2f2714; --note-ink: #f2d59a; --bad: #ff9d94; --bad-deep: #ffb8b1;
    --bad-tint: #361b1c; --on-bad: #2b0605; --fair: #e0a445;
    --shade: 0 1px 2px #0000000d, 0 8px 28px #00000014;
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
main { width: 100%; max-width: 27rem; }
.card {
  padding: 24px; border: 1px solid var(--line);
  border-radius: 16px; background: var(--card);
  box-shadow: var(--shade);
}
h1 {
  display: flex; align-items: center; gap: 10px; margin: 0 0 12px;
  font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -.012em;
}
h1:focus { outline: none; }
h1 svg { flex: none; width: 26px; height: 26px; color: var(--brand); }
h2 { margin: 22px 0 8px; font-size: 16px; line-height: 1.3; font-weight: 650; }
h3 { margin: 14px 0 6px; font-size: 14px; line-height: 1.3; font-weight: 600; }
p { margin: 0 0 12px; }
fieldset { min-width: 0; margin: 0 0 14px; padding: 0; border: 0; }
legend { padding: 0; margin: 0 0 4px; font-size: 14px; font-weight: 600; }
.soft, .hint, .foot { color: var(--soft); font-size: 14px; line-height: 1.45; }
.asks { margin: 0 0 12px; padding: 10px 14px; border-radius: 10px; background: var(--tint); }
.asks strong { display: block; overflow-wrap: anywhere; font-weight: 650; }
.asks span { font-size: 14px; }
.note {
  margin: 0 0 14px; padding: 10px 14px; border-radius: 10px;
  background: var(--note); color: var(--note-ink); font-size: 14px; line-height: 1.45;
}
form { margin: 0; }
label, .label { display: block; margin: 0 0 4px; font-size: 14px; font-weight: 600; }
.field { margin: 0 0 10px; }
.line { display: flex; align-items: baseline; justify-content: space-between; gap: 12px; }
input, textarea, select {
  width: 100%; min-height: 44px; padding: 8px 12px;
  border: 1px solid var(--edge); border-radius: 10px;
  background: var(--field); color: var(--ink); font: inherit;
}
textarea { display: block; resize: vertical; line-height: 1.6; }
input[type=file] { padding: 7px 8px; font-size: 14px; line-height: 28px; }
::file-selector-button {
  min-height: 28px; margin: 0 10px 0 0; padding: 0 12px; border: 0; border-radius: 7px;
  background: var(--tint); color: var(--ink); font: inherit; font-weight: 600; cursor: pointer;
}
.tick {
  display: flex; align-items: center; gap: 10px; min-height: 40px; margin: 0;
  font-size: 16px; font-weight: 400;
}
.tick input {
  flex: none; width: 20px; height: 20px; min-height: 0; margin: 0; accent-color: var(--brand);
}
.pair { display: flex; align-items: center; justify-content: space-between; gap: 12px; }
.pair label { margin: 0; font-weight: 400; font-size: 15px; }
.pair select { width: auto; min-width: 8.5rem; flex: none; }
.hint { min-height: 1.45em; margin: 4px 0 0; }
progress {
  appearance: none; display: block; width: 100%; height: 4px; margin: 6px 0 0;
  border: 0; border-radius: 2px; background: var(--line); overflow: hidden;
}
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--edge); border-radius: 2px; }
progress::-moz-progress-bar { background: var(--edge); border-radius: 2px; }
progress.weak::-webkit-progress-value { background: var(--bad); }
progress.weak::-moz-progress-bar { background: var(--bad); }
progress.fair::-webkit-progress-value { background: var(--fair); }
progress.fair::-moz-progress-bar { background: var(--fair); }
progress:is(.good, .strong)::-webkit-progress-value { background: var(--brand); }
progress:is(.good, .strong)::-moz-progress-bar { background: var(--brand); }
button {
  min-height: 44px; padding: 8px 18px; border: 1px solid transparent; border-radius: 10px;
  font: inherit; font-weight: 600; cursor: pointer;
}
button:disabled { cursor: default; }
.primary { background: var(--brand); color: var(--on-brand); flex: 1 1 auto; }
.primary:hover:enabled:not([aria-disabled]) { background: var(--brand-deep); }
.primary:disabled, .primary[aria-disabled="true"] {
  background: var(--line); color: var(--soft); cursor: default;
}
.primary.danger:enabled { background: var(--bad); color: var(--on-bad); }
.primary.danger:hover:enabled { background: var(--bad-deep); }
.plain { background: transparent; border-color: var(--edge); color: var(--ink); }
.plain:hover:enabled { background: var(--tint); }
.plain:disabled, .small:disabled { color: var(--soft); }
.plain.danger:enabled, .small.danger:enabled { border-color: var(--bad); color: var(--bad); }
.plain.danger:hover:enabled, .small.danger:hover:enabled { background: var(--bad-tint); }
.small {
  min-height: 36px; padding: 4px 14px; border-color: var(--line); border-radius: 9px;
  background: transparent; color: var(--ink); font-size: 14px;
}
.small:hover:enabled { background: var(--tint); }
.quiet {
  min-height: 24px; margin: 0 -4px; padding: 0 4px; border-radius: 6px;
  background: none; color: var(--brand); font-size: 14px;
}
.quiet:hover:enabled { text-decoration: underline; }
.quiet:disabled { color: var(--soft); }
.back { margin: 0 0 6px -4px; }
.back::before { content: "‹"; margin-right: 6px; font-size: 18px; line-height: 1; }
.aside { margin: 14px 0 0; text-align: center; }
.choices { display: grid; gap: 8px; margin: 0 0 12px; }
.choices h2 { margin: 14px 0 0; font-size: 14px; font-weight: 600; color: var(--soft); }
.choice {
  display: flex; flex-direction: column; gap: 1px; width: 100%; min-height: 52px;
  padding: 9px 40px 9px 14px; border-color: var(--edge); position: relative;
  justify-content: center;
  background: transparent; color: var(--ink); text-align: start; font-weight: 400;
}
.choice strong { font-weight: 600; }
.choice span { color: var(--soft); font-size: 14px; line-height: 1.4; overflow-wrap: anywhere; }
.choice::after {
  content: ""; position: absolute; right: 18px; top: calc(50% - 4px); width: 8px; height: 8px;
  border: solid var(--soft); border-width: 2px 2px 0 0; transform: rotate(45deg);
}
.choice:hover:enabled { background: var(--tint); }
.row { display: flex; flex-wrap: wrap; gap: 8px; }
.words {
  display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; margin: 0 0 14px; padding: 0;
  list-style: none; user-select: none; -webkit-user-select: none;
}
.words li {
  display: flex; gap: 7px; align-items: baseline; min-width: 0; padding: 5px 9px;
  border-radius: 8px; background: var(--tint);
}
.words span, .cell span {
  flex: none; width: 1.35em; color: var(--soft); font-size: 13px; text-align: end;
  font-variant-numeric: tabular-nums;
}
.words strong { font-weight: 600; font-size: 15px; }
.cells { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; margin: 0; }
.cell { display: flex; align-items: center; gap: 5px; min-width: 0; }
.cell input {
  min-width: 0; min-height: 36px; padding: 4px 8px; border-radius: 8px; font-size: 15px;
}
.facts {
  display: flex; flex-direction: column; margin: 0 0 8px; min-width: 0; overflow-wrap: anywhere;
}
.facts span { color: var(--soft); font-size: 14px; line-height: 1.4; }
.ways { margin: 0 0 8px; padding: 0; list-style: none; }
.ways li { padding: 10px 0 12px; border-bottom: 1px solid var(--line); }
.ways li:first-child { padding-top: 2px; }
.ways .choice { margin: 0; }
.ways li:has(> .choice) { padding: 0 0 8px; border: 0; }
.stray .facts { margin: 0; }
.state { color: var(--bad); font-size: 14px; }
.done { color: var(--soft); font-size: 14px; font-weight: 400; }
.facts .line { color: inherit; font-size: 16px; }
.facts code { color: var(--soft); font-size: 12px; }
.bullets { margin: 0 0 12px; padding: 0 0 0 18px; font-size: 15px; }
.bullets li { margin: 0 0 4px; overflow-wrap: anywhere; }
.turners { justify-content: space-between; margin: 4px 0 12px; }
#more { margin-left: auto; }
#public-key {
  margin: 0 0 8px; font: 12px/1.5 ui-monospace, "Cascadia Mono", Consolas, monospace;
  overflow-wrap: anywhere; word-break: break-all;
}
details { margin: 0 0 12px; }
summary { min-height: 36px; padding: 6px 0; font-size: 14px; font-weight: 600; cursor: pointer; }
.filters { display: grid; grid-template-columns: 1fr 1fr; gap: 0 12px; }
.filters > .field { min-width: 0; }
.log li { padding: 8px 0; }
.log .facts { margin: 0; }
.file { padding: 14px; border: 1px solid var(--line); border-radius: 12px; margin: 0 0 12px; }
.save {
  display: flex; align-items: center; justify-content: center; min-height: 44px; padding: 8px 18px;
  border: 1px solid var(--brand); border-radius: 10px; color: var(--brand); font-weight: 600;
  text-decoration: none;
}
.save:hover { background: var(--tint); }
.contents { margin: 0 0 14px; }
.contents div {
  display: flex; justify-content: space-between; gap: 12px; padding: 7px 0;
  border-bottom: 1px solid var(--line);
}
.contents dt { color: var(--soft); }
.contents dd {
  margin: 0; min-width: 0; text-align: end; font-weight: 600; overflow-wrap: anywhere;
}
.asked { margin: 0 0 14px; padding: 0; list-style: none; }
.asked li { padding: 0 0 12px; }
.numbered { padding-left: 1.6em; list-style: decimal; }
.numbered li { padding: 10px 0 12px 4px; border-bottom: 1px solid var(--line); }
.payload {
  max-height: 12.5em; margin: 0 0 8px; padding: 10px 14px; overflow: auto;
  border: 1px solid var(--edge); border-radius: 10px; background: var(--field);
  white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; contain: paint;
}
.numbered .payload { max-height: 6.5em; }
.extent { position: fixed; inset: 0; z-index: -1; visibility: hidden; }
.unread { margin: 0 0 6px; font-weight: 600; }
.digest { overflow-wrap: anywhere; font-size: 13px; }
.elsewhere {
  margin: 0 0 12px; padding: 12px 14px; border: 1px solid var(--line); border-radius: 12px;
}
.elsewhere p { margin: 0 0 8px; }
.elsewhere p:last-child { margin: 0; }
.address { user-select: all; -webkit-user-select: all; overflow-wrap: anywhere; font-weight: 600; }
.actions { display: flex; flex-direction: row-reverse; gap: 12px; margin: 12px 0 0; }
.actions .quiet { margin-right: auto; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
input:focus-visible, textarea:focus-visible, select:focus-visible {
  border-color: var(--brand); outline-width: 2px; outline-offset: -1px;
}
.problem {
  margin: 0 0 12px; padding: 10px 14px; border-radius: 10px; background: var(--bad-tint);
  color: var(--bad); font-size: 14px; font-weight: 600;
}
.status { margin: 12px 0 0; color: var(--soft); font-size: 14px; line-height: 1.45; }
/* Kept in the tree while empty, so that what they say later is spoken. */
.problem:empty, .status:empty { margin: 0; padding: 0; }
main.card > :last-child { margin-bottom: 0; }
.result strong { display: block; margin: 0 0 4px; font-size: 16px; }
.result p { margin: 0 0 12px; }
.result p:last-child { margin: 0; }
.result .next { font-weight: 600; }
.result:is(.good, .fair, .bad) { padding: 10px 14px; border-radius: 10px; }
.result.good { background: var(--tint); color: var(--ink); }
.result.fair { background: var(--note); color: var(--note-ink); }
.result.bad { background: var(--bad-tint); color: var(--bad); }
.busy #submit::before {
  content: ""; display: inline-block; width: 14px; height: 14px; margin-right: 9px;
  border: 2px solid currentColor; border-right-color: transparent; border-radius: 50%;
  vertical-align: -2px; animation: turn .9s linear infinite;
}
@keyframes turn { to { transform: rotate(1turn); } }
.foot { margin: 10px 0 0; font-size: 13px; text-align: center; overflow-wrap: anywhere; }
code { font: 14px/1.4 ui-monospace, "Cascadia Mono", Consolas, monospace; }
/* In the client's sheet the frame is the card. */
@media (max-width: 30rem) {
  main { max-width: none; }
  html { background: var(--card); }
  body { justify-content: flex-start; padding: 0 0 12px; }
  .card { padding: 20px 20px 0; border: 0; border-radius: 0; box-shadow: none; }
}
@media (max-width: 23rem) {
  .card { padding: 16px 16px 0; }
  .words, .cells { grid-template-columns: repeat(2, 1fr); }
  .pair { flex-direction: column; align-items: stretch; gap: 4px; }
}
@media (prefers-reduced-motion: reduce) {
  .busy #submit::before { animation-duration: 4s; animation-timing-function: steps(8); }
}
@media (forced-colors: active) {
  .card, .asks, .note, .problem, .result:not(:empty), .primary, .words li { border: 1px solid; }
}
`;

/** Puts the stylesheet on the document; the CSP allows no other way. Plain text where it cannot. */
function applyStyle() {
  if (!document.adoptedStyleSheets) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets = [sheet];
}
