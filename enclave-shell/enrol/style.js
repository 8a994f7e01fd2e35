// The page's stylesheet, with the frame's colours. It is part of the script, which is pinned.

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #eef1f3; --card: #ffffff; --ink: #16202a; --soft: #51606e; --line: #d5dce2;
  --brand: #0b6a5f; --brand-deep: #08554c; --on-brand: #ffffff;
  --tint: #e6f2f0; --note: #fdf4e1; --note-ink: #6a4700; --bad: #a81c1c; --bad-tint: #fdecec;
  --shade: 0 1px 2px #0000000d, 0 8px 28px #00000014;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1419; --card: #172027; --ink: #e8edf1; --soft: #a5b2bd; --line: #2b3742;
    --brand: #5cc9b8; --brand-deep: #7bd8c9; --on-brand: #06211d;
    --tint: #14302d; --note: #2f2714; --note-ink: #f2d59a; --bad: #ff9d94; --bad-tint: #361b1c;
    --shade: 0 1px 2px #0000000d, 0 8px 28px #00000014;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 16px;
  display: flex; flex-direction: column; align-items: center; justify-content: safe center;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.card {
  width: 100%; max-width: 27rem; padding: 24px; border: 1px solid var(--line);
  border-radius: 16px; background: var(--card);
  box-shadow: var(--shade);
}
h1 {
  display: flex; align-items: center; gap: 10px; margin: 0 0 14px;
  font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -.012em;
}
h1 svg { flex: none; width: 26px; height: 26px; color: var(--brand); }
p { margin: 0 0 12px; }
.where { padding: 10px 14px; border-radius: 10px; background: var(--tint); }
.where span { font-size: 14px; }
.where strong { display: block; overflow-wrap: anywhere; font-weight: 650; }
button {
  width: 100%; min-height: 44px; padding: 8px 18px; border: 1px solid transparent;
  border-radius: 10px; background: var(--brand); color: var(--on-brand);
  font: inherit; font-weight: 600; cursor: pointer;
}
button:hover { background: var(--brand-deep); }
button[aria-disabled="true"] { background: var(--line); color: var(--soft); cursor: default; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
.result { margin: 0 0 12px; color: var(--soft); font-size: 14px; line-height: 1.45; }
/* Kept in the tree while empty, so that what it says later is spoken. */
.result:empty { margin: 0; }
.result strong { display: block; margin: 0 0 4px; font-size: 16px; }
.result p:last-child { margin: 0; }
.good, .fair, .bad { padding: 10px 14px; border-radius: 10px; }
.good { background: var(--tint); color: var(--ink); }
.fair { background: var(--note); color: var(--note-ink); }
.bad { background: var(--bad-tint); color: var(--bad); }
.good .next { font-weight: 600; }
.card > :last-child { margin-bottom: 0; }
.foot {
  margin: 10px 0 0; color: var(--soft); font-size: 13px; text-align: center;
  overflow-wrap: anywhere;
}
@media (max-width: 30rem) {
  html { background: var(--card); }
  body { justify-content: flex-start; padding: 0 0 12px; }
  .card { padding: 20px; border: 0; border-radius: 0; box-shadow: none; }
}
@media (forced-colors: active) {
  .card, .where, .good, .fair, .bad, button { border: 1px solid; }
}
`;

/** Puts the stylesheet on the document; the CSP allows no other way. Plain text where it cannot. */
function applyStyle() {
  if (!document.adoptedStyleSheets) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  document.adoptedStyleSheets = [sheet];
}
