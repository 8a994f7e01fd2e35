-- The log of brokers that share one: a database for each id of a broker. Run by the owner of the database, once.
-- The brokers' own role adds lines and can neither change nor remove one.

CREATE TABLE kms_log (
  seq bigint PRIMARY KEY CHECK (seq >= 0),
  line text NOT NULL
);

-- First approvals and tokens until they are picked up or over, sealed by a key that only the brokers have.
CREATE TABLE kms_waiting (
  seq bigint PRIMARY KEY REFERENCES kms_log,
  challenge text NOT NULL,
  ends bigint NOT NULL,
  sealed bytea NOT NULL
);

-- The key that checkpoints of this log are verified with.
CREATE TABLE kms_identity (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  log_key text NOT NULL
);

GRANT SELECT, INSERT ON kms_log, kms_identity TO kms_broker;
GRANT SELECT, INSERT, DELETE ON kms_waiting TO kms_broker;
