-- Runs at the end of every migration, because a restored backup has the rights that the database gives
-- by default. Whatever a role was given by default: the audit trail is read and added to, and only who
-- migrates writes which version there is.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT DISTINCT
            class.oid::regclass AS relation,
            CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
                AS grantee
        FROM pg_class AS class
        CROSS JOIN aclexplode(coalesce(class.relacl, acldefault('r', class.relowner))) AS acl
        WHERE
            (class.oid = 'platform.audit_event'::regclass AND acl.privilege_type NOT IN ('SELECT', 'INSERT'))
            OR (
                class.oid = 'platform.schema_version'::regclass
                AND acl.privilege_type <> 'SELECT'
                AND acl.grantee <> class.relowner
            )
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', item.relation, item.grantee);
        EXECUTE format('GRANT SELECT ON %s TO %s', item.relation, item.grantee);
        IF item.relation = 'platform.audit_event'::regclass THEN
            EXECUTE format('GRANT INSERT ON %s TO %s', item.relation, item.grantee);
        END IF;
    END LOOP;
END
$$;
