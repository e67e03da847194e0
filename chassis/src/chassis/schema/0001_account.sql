-- Local accounts: who may get a token from a service that owns its accounts.
CREATE TABLE platform.account (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL,
    password_hash text NOT NULL,
    tenant uuid NOT NULL,
    permissions text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- one account for an address, however it is written
CREATE UNIQUE INDEX account_email ON platform.account (lower(email));
