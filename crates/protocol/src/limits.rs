//! Limits on everything an embedding page can send. Each is enforced before the data is used.

/// Deepest nesting of a message.
pub const MAX_DEPTH: usize = 6;
/// Most own keys of one object.
pub const MAX_KEYS: usize = 32;
/// Most requests in one batch, and most items of any list.
pub const MAX_ITEMS: usize = 64;
/// Most requests for a page of keys or of entries in one batch: their answers are in memory together.
pub const MAX_BATCH_PAGES: usize = 4;
/// Longest string, in UTF-8 bytes, that is no token.
pub const MAX_TEXT: usize = 4096;
/// Longest signed token, in bytes, and with it the longest string of a message: claims of
/// [`MAX_TEXT`] bytes are half as long again in base64url, and have a header and a signature.
pub const MAX_TOKEN: usize = 8192;
/// Largest `data` of one signature or verification, in bytes.
pub const MAX_DATA: usize = 1 << 20;
/// Largest plaintext that is encrypted or sealed, in bytes: what becomes of it comes back as one byte
/// array. X-Wing adds most: 1136 bytes.
pub const MAX_PLAINTEXT: usize = MAX_DATA - 1280;
/// Most chunks of one write to a stream.
pub const MAX_STREAM_CHUNKS: usize = 7;
/// Most streams of one port that are open.
pub const MAX_STREAMS: usize = 4;
/// Most streams of all ports together.
pub const MAX_ALL_STREAMS: usize = 8;
/// How long a stream may wait for its next write, in milliseconds.
pub const STREAM_IDLE_MS: u64 = 300_000;
/// Most members of an encryption context.
pub const MAX_CONTEXT: usize = 16;
/// Longest name of a member of it, in UTF-8 bytes.
pub const MAX_CONTEXT_NAME: usize = 64;
/// Longest text of a member of it, in UTF-8 bytes.
pub const MAX_CONTEXT_TEXT: usize = 256;
/// Most random bytes of one request.
pub const MAX_RANDOM: u32 = 4096;
/// Largest message, in bytes of strings and byte arrays together, and [`VALUE_COST`] for each value.
pub const MAX_MESSAGE: usize = 4 << 20;
/// What every value of a message counts beside its own bytes. The same object can stand in a
/// message many times, so without it a short message could hold billions of values.
pub const VALUE_COST: usize = 64;
/// Longest request id, in characters.
pub const MAX_ID: usize = 64;
/// Longest key label, in Unicode scalar values.
pub const MAX_LABEL: usize = 64;
/// Longest key alias, in characters.
pub const MAX_ALIAS: usize = 64;
/// Most versions of one key; trimming makes room.
pub const MAX_VERSIONS: usize = 16;
/// Most requests of one message that a person is asked to approve.
pub const MAX_APPROVALS: usize = 10;
/// Most sites that may use one key, the one that made it included.
pub const MAX_ORIGINS: usize = 8;
/// Shortest period of a rate in a policy, in milliseconds.
pub const MIN_PERIOD_MS: u64 = 1000;
/// Longest period of a rate in a policy, in milliseconds.
pub const MAX_PERIOD_MS: u64 = 31 * 24 * 60 * 60 * 1000;
/// Shortest time that a key waits for its deletion, in days.
pub const MIN_DELETION_DAYS: u32 = 7;
/// Longest time that a key waits for its deletion, and the one if none is named, in days.
pub const MAX_DELETION_DAYS: u32 = 30;
/// Most requests of one port that may wait for an answer.
pub const MAX_IN_FLIGHT: usize = 256;
/// Requests of one port that may arrive at once.
pub const RATE_BURST: u32 = 4096;
/// Requests per second of one port in the long run.
pub const RATE_PER_SECOND: u32 = 25_000;
/// Deadline of a request that names none, in milliseconds.
pub const DEFAULT_DEADLINE_MS: u32 = 30_000;
/// Deadline of a request that waits for a person and names none, and the longest one allowed.
pub const MAX_DEADLINE_MS: u32 = 1_800_000;
/// Most keys or audit entries in one page of a listing.
pub const MAX_PAGE: u32 = 100;
/// Most claims that a template names, those that are fixed included.
pub const MAX_CLAIMS: usize = 16;
/// Longest name of a claim, in bytes.
pub const MAX_CLAIM_NAME: usize = 64;
/// Longest text of a claim that is fixed, and longest name of an audience, in UTF-8 bytes.
pub const MAX_CLAIM_TEXT: usize = 256;
/// Most audiences of a template.
pub const MAX_AUDIENCES: usize = 8;
/// Longest type of a token, in bytes.
pub const MAX_TOKEN_TYPE: usize = 64;
/// Longest life that a template can give a token, in seconds: a year.
pub const MAX_TOKEN_LIFE_S: u32 = 365 * 24 * 60 * 60;
/// Shortest life of a lease that can be asked for, in milliseconds.
pub const MIN_LEASE_MS: u32 = 60_000;
/// Longest life of a lease, from the moment a person allows or extends it: 30 days.
pub const MAX_LEASE_MS: u32 = 2_592_000_000;
/// Most tokens of a lease, from that moment.
pub const MAX_LEASE_TOKENS: u32 = 10_000;
/// Most push services of a lease.
pub const MAX_LEASE_AUDIENCES: usize = 4;
/// Most leases of a vault.
pub const MAX_LEASES: usize = 16;
/// Longest origin of a push service, and longest address of its sender, in characters.
pub const MAX_ORIGIN: usize = 128;
