-- A session of a local account: one family of refresh tokens, of which one is good at a time.
CREATE TABLE platform.account_session (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account uuid NOT NULL REFERENCES platform.account (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL,
    -- the one before: shown again within seconds it is a retry, later a theft
    spent_hash bytea,
    rotated_at timestamptz,
    device text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL
);

CREATE INDEX account_session_account ON platform.account_session (account);

-- What a mailed token lets its bearer do, once: make the account of this address, or set its
-- password anew.
CREATE TABLE platform.account_link (
    token_hash bytea PRIMARY KEY,
    email text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('sign-up', 'reset')),
    expires_at timestamptz NOT NULL
);

CREATE INDEX account_link_email ON platform.account_link (lower(email));
