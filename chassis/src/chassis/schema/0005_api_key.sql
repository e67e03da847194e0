-- Keys of programs that call this service. A revoked or replaced one is one that has expired.
CREATE TABLE platform.api_key (
    id uuid PRIMARY KEY,
    -- finds the row; not a secret
    prefix text NOT NULL UNIQUE,
    hash bytea NOT NULL,
    -- names the pepper that the hash was made with
    pepper text NOT NULL,
    tenant uuid NOT NULL,
    name text NOT NULL,
    permissions text[] NOT NULL,
    creator_issuer text NOT NULL,
    creator_subject text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz
);

CREATE INDEX api_key_tenant ON platform.api_key (tenant, created_at, id);
CREATE INDEX api_key_expires_at ON platform.api_key (expires_at);
