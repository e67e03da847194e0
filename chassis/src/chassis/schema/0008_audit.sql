-- What happened, for auditors: written once. People are named by their keys alone, so that erasing
-- a person leaves pseudonyms here.
CREATE TABLE platform.audit_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL,
    actor text,
    -- the support person who acted as the actor
    impersonator text,
    subject_type text,
    subject text,
    before jsonb,
    after jsonb,
    request_id text
);

CREATE INDEX audit_event_recorded_at ON platform.audit_event (recorded_at);
CREATE INDEX audit_event_actor ON platform.audit_event (actor, recorded_at);
CREATE INDEX audit_event_subject ON platform.audit_event (subject, recorded_at);

-- Grants do not bind a table's owner for long (it may grant itself anything) nor a superuser at
-- all, and a restored backup has none: the trigger holds for all of them.
CREATE FUNCTION platform.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.audit_event
FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change();

REVOKE ALL ON platform.audit_event FROM CURRENT_USER;
GRANT SELECT, INSERT ON platform.audit_event TO CURRENT_USER;
