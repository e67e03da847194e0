-- State that several processes share. The throttle is unlogged, because a crash may lose it: that is
-- faster, and keeps it out of replicas and archives.

-- A key (a hash, because it stands for addresses of people) and when its bucket is full again.
CREATE UNLOGGED TABLE platform.throttle (
    key bytea PRIMARY KEY,
    full_at timestamptz NOT NULL
);

CREATE INDEX throttle_full_at ON platform.throttle (full_at);

-- Mail that is not sent yet. A job carries only the id; the row is deleted after sending.
CREATE TABLE platform.mail (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX mail_created_at ON platform.mail (created_at);
