/** The look of the sheet around the enclave's frame. */
export const STYLE = `
dialog.ats-kms-sheet {
  box-sizing: border-box; position: fixed; inset: 0; margin: auto; padding: 0; border: 0;
  inline-size: min(27rem, 100vw - 2rem); block-size: min(40rem, 100dvh - 2rem);
  max-inline-size: none; max-block-size: none; overflow: hidden;
  border-radius: 1rem; color-scheme: light dark; color: light-dark(#16202a, #e8edf1);
  background: light-dark(#eef1f3, #0e1419);
  box-shadow: 0 0 0 1px light-dark(#0002, #fff2), 0 1.5rem 4rem #0006;
}
dialog.ats-kms-sheet[open] { display: grid; grid-template: auto 1fr / 1fr; }
dialog.ats-kms-sheet::backdrop { background: #0b1216a6; }
dialog.ats-kms-sheet > header {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0 .5rem; margin: 0;
  padding: .25rem .25rem .25rem 1rem;
  font: 500 .8125rem/1.4 system-ui, sans-serif;
  border-block-end: 1px solid light-dark(#0002, #fff2);
}
dialog.ats-kms-sheet > header > span {
  flex: 1; min-inline-size: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  color: light-dark(#51606e, #a5b2bd);
}
dialog.ats-kms-sheet > header > button {
  all: unset; box-sizing: border-box; cursor: pointer; inline-size: 2.75rem; block-size: 2.75rem;
  border-radius: .75rem; font: 400 1.25rem/2.75rem system-ui, sans-serif; text-align: center;
}
dialog.ats-kms-sheet > header > button:hover { background: light-dark(#0000000f, #ffffff1a); }
dialog.ats-kms-sheet > header > a {
  flex: 1 0 100%; padding-block: .25rem .5rem; color: light-dark(#0b6a5f, #5cc9b8);
}
dialog.ats-kms-sheet > header > a[hidden] { display: none; }
dialog.ats-kms-sheet > header > :focus-visible {
  outline: 2px solid light-dark(#0b6a5f, #5cc9b8); outline-offset: -3px;
}
dialog.ats-kms-sheet > iframe {
  display: block; box-sizing: border-box; inline-size: 100%; block-size: 100%;
  max-inline-size: none; max-block-size: none; margin: 0; padding: 0; border: 0; opacity: 1;
  visibility: visible; color-scheme: light dark;
}
@media (max-width: 30rem), (max-height: 30rem) {
  dialog.ats-kms-sheet { inline-size: 100vw; block-size: 100dvh; border-radius: 0; }
}
@media (prefers-reduced-motion: no-preference) {
  dialog.ats-kms-sheet[open] { animation: ats-kms-rise .18s ease-out; }
  @keyframes ats-kms-rise { from { opacity: 0; translate: 0 .75rem; } }
}
@media (forced-colors: active) { dialog.ats-kms-sheet { border: 2px solid CanvasText; } }
`;
