-- What several processes must agree on. The first two hold nothing that a crash may not lose, so
-- they are not logged: faster, and absent from replicas and from what an archive keeps.

-- A key (a hash: it stands for addresses of people) and when its bucket is full again.
CREATE UNLOGGED TABLE platform.throttle (
    key bytea PRIMARY KEY,
    full_at timestamptz NOT NULL
);

CREATE INDEX throttle_full_at ON platform.throttle (full_at);

CREATE UNLOGGED TABLE platform.cache (
    key text PRIMARY KEY CHECK (length(key) <= 200),
    value bytea NOT NULL CHECK (octet_length(value) <= 65536),
    expires_at timestamptz NOT NULL
);

CREATE INDEX cache_expires_at ON platform.cache (expires_at);

-- Mail that was posted and not sent yet: jobs carry the id alone, and a sent one is deleted.
CREATE TABLE platform.mail (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX mail_created_at ON platform.mail (created_at);
