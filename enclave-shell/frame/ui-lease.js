// Leases: what a site asks to be allowed for a time, and what it was allowed.

/**
 * The terms, all of them in words; nothing of it is a text of the site but the name of the key.
 * @param {Show & { screen: 'lease' }} view
 * @returns {Screen_}
 */
function leaseScreen({ extends: longer, label, audiences, contact, lifeMs, tokens }) {
  const text = longer ? TEXT.extendLease : TEXT.lease;
  const words = TEXT.lease;
  const facts = [
    [words.services, audiences.join(', ')],
    [words.life, words.until(durationOf(lifeMs), momentOf(Date.now() + lifeMs))],
    [words.tokens, words.count(tokens)],
    [words.sender, contact ?? words.noSender],
    [words.key, label ?? words.noName],
  ];
  return makeScreen('lease', {
    text,
    asks: text.asks,
    body: [soft(text.explain), factList(facts), note(words.warnTitle, words.warn)],
    send: () => give({ ui: 'confirm' }),
  });
}

/**
 * What sites were allowed and is not over.
 * @param {ManageView} view
 * @returns {HTMLElement}
 */
function leasesSection({ leases }) {
  const text = TEXT.leases;
  const list = make('ul', { class: 'ways', role: 'list' });
  list.append(...leases.map(leaseRow));
  return section('leases', text.title, ...(leases.length === 0 ? [soft(text.none)] : [list]));
}

/**
 * @param {HeldLease} lease
 * @returns {HTMLElement}
 */
function leaseRow({ origin, leaseId, audiences, ends, tokens, used }) {
  const text = TEXT.leases;
  const name = make('strong', {}, text.messages(audiences.join(', ')));
  const facts = [text.site(origin), text.ends(momentOf(ends)), text.used(used, tokens)];
  const about = make('p', { class: 'facts' }, name, make('span', {}, facts.join(' · ')));
  const action = /** @type {const} */ ({ action: 'revoke', id: leaseId });
  const revoke = actionButton(`revoke-${leaseId}`, text.revoke, action, 'small danger');
  revoke.setAttribute('aria-label', text.revokeOf(audiences.join(', ')));
  return make('li', { 'data-lease': leaseId }, about, make('div', { class: 'row' }, revoke));
}
