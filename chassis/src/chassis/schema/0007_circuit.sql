-- Systems that failed lately when they were called, such as the endpoints of webhooks: every worker
-- spares them alike. The first success deletes a row, as does a day without a failure (the endpoint
-- may be gone). So the table stays small and is usually empty.
CREATE TABLE platform.circuit (
    endpoint uuid PRIMARY KEY,
    failures integer NOT NULL,
    paused_until timestamptz,
    failed_at timestamptz NOT NULL DEFAULT now()
);
