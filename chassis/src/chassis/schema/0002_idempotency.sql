-- Outcomes of writes that came with an Idempotency-Key, for a day. ``id`` is the SHA-256 of tenant,
-- issuer, subject, route and key, so that the index stays small whatever a token's subject is.
CREATE TABLE platform.idempotency (
    id bytea PRIMARY KEY,
    tenant uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    -- text, not JSONB, which would reorder keys; no body where it held a secret or was too large
    headers text NOT NULL,
    body text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idempotency_created_at ON platform.idempotency (created_at);
