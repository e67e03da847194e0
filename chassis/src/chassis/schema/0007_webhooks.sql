-- Endpoints of webhooks that failed lately: every worker spares them alike. A row goes with the
-- first delivery that succeeds, or a day after the last failure (an endpoint that was deleted), so
-- the table stays small and is usually empty.
CREATE TABLE platform.webhook_circuit (
    endpoint uuid PRIMARY KEY,
    failures integer NOT NULL,
    paused_until timestamptz,
    failed_at timestamptz NOT NULL DEFAULT now()
);
