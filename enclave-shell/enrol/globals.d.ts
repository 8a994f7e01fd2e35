// Types for the checker only; nothing here is served.

/** Written by the shell in front of the page's files. */
declare const ENROL: Readonly<{ origin: string; version: string }>;

/** What became of the attempt to create a passkey. */
type Outcome = 'ready' | 'no_prf' | 'cancelled' | 'no_authenticator' | 'failed';
