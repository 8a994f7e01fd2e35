/** The look of `<kms-verify>`. Colours can be set from outside by custom properties. */
export const STYLE = `
:host {
  display: block; font: inherit; color-scheme: light dark;
  --text: var(--kms-text, light-dark(#16202a, #e8edf1));
  --soft: var(--kms-soft, light-dark(#51606e, #a5b2bd));
  --line: var(--kms-line, light-dark(#d5dce2, #2b3742));
  --accent: var(--kms-accent, light-dark(#0b6a5f, #5cc9b8));
  --on-accent: var(--kms-on-accent, light-dark(#fff, #06211d));
  --good: var(--kms-good, light-dark(#0f6b3c, #6fd3a0));
  --fair: var(--kms-fair, light-dark(#6a4700, #f2d59a));
  --bad: var(--kms-bad, light-dark(#a81c1c, #ff9d94));
  color: var(--text);
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
p, ol, ul, h3 { margin: 0; padding: 0; }
.top { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: flex-start; }
.result { flex: 1 1 14rem; min-inline-size: 0; display: grid; gap: .25rem; }
.level { font-weight: 650; font-size: 1.125em; color: var(--tone); display: flex; gap: .5rem;
  align-items: center; }
.level::before { content: ''; inline-size: .75em; block-size: .75em; border-radius: 50%;
  background: currentColor; flex: none; }
:host([level='enforced by browser']) { --tone: var(--good); }
:host([level='checked']) { --tone: var(--fair); }
:host([level='checked']) .level::before { background: none; border: .2em solid; }
:host([level='failed']) { --tone: var(--bad); }
:host([level='failed']) .level::before { border-radius: 0; }
.hint, .step-detail, .limit, .history, .fact-name, .comparison { color: var(--soft); }
.code-line { color: var(--soft); }
.words { font-weight: 600; font-size: 1.0625em; color: var(--text); user-select: all; }
.changed { color: var(--fair); font-weight: 550; overflow-wrap: anywhere; }
.failure { display: grid; gap: .25rem; padding-inline-start: .75rem;
  border-inline-start: .2em solid var(--bad); margin-block: .25rem; }
.advice { font-weight: 550; }
code { font-family: ui-monospace, monospace; font-size: .9375em; overflow-wrap: anywhere; }
.code { color: var(--text); user-select: all; }
.facts { margin: 0; padding-block: .5rem; display: grid; gap: .5rem; }
.fact-value { margin: 0; }
.compared { list-style: none; font-size: .875em; display: grid; gap: .125rem; }
.commands { margin: 0; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem;
  overflow-x: auto; }
.command { overflow-wrap: normal; user-select: all; }
.rebuild .hint, .rebuild .commands { margin-block-end: .5rem; }
button { font: inherit; font-weight: 550; min-block-size: 2.75rem; padding: .5rem 1.125rem;
  border-radius: .625rem; border: 1px solid var(--line); background: none; color: var(--text);
  cursor: pointer; }
.verify { background: var(--accent); border-color: transparent; color: var(--on-accent); }
button[aria-disabled] { opacity: .6; cursor: progress; }
button:focus-visible, summary:focus-visible, pre:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 2px; }
.more { display: grid; gap: .75rem; justify-items: start;
  grid-template-columns: minmax(0, 1fr); }
.more:not(:empty) { margin-block-start: .75rem; }
.details, .rebuild, .qr { inline-size: 100%; }
.summary { cursor: pointer; padding-block: .625rem; font-weight: 550; border-radius: .375rem; }
.steps { list-style: none; display: grid; gap: .75rem; padding-block: .5rem 1rem; }
.step { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr); gap: .5rem; }
.mark { font-weight: 700; text-align: center; color: var(--soft); }
.ok .mark { color: var(--good); }
.bad .mark { color: var(--bad); }
.step-text { display: grid; min-inline-size: 0; overflow-wrap: anywhere; }
.step-title { font-weight: 550; }
.limits-title { font-size: 1em; font-weight: 600; margin-block-end: .375rem; }
.limits { padding-inline-start: 1.25rem; display: grid; gap: .375rem; }
@media (forced-colors: active) { button { border-color: ButtonText; } }
`;
