-- Endpoints of webhooks that failed lately: every worker spares them alike. A row goes with the
-- first delivery that succeeds, so the table stays small and is usually empty.
CREATE TABLE platform.webhook_circuit (
    endpoint uuid PRIMARY KEY,
    failures integer NOT NULL,
    paused_until timestamptz
);
