#!/bin/sh
# Runs once, when compose creates its database volume. Each half has a database with three roles:
#   web_owner     owns all tables; it has no login
#   web_migrator  acts as the owner, for migrations and restores
#   web           for servers and workers: it reads and writes rows, and cannot create or change tables
# The roles of one half cannot connect to the database of the other half.
set -eu

create() {
    psql --username postgres --set ON_ERROR_STOP=1 --set half="$1" --set password="$2" \
        --set migrator_password="$3" <<'SQL'
\set owner :half _owner
\set migrator :half _migrator
CREATE ROLE :"owner";
CREATE ROLE :"migrator" LOGIN PASSWORD :'migrator_password' IN ROLE :"owner";
CREATE ROLE :"half" LOGIN PASSWORD :'password';
CREATE DATABASE :"half" OWNER :"owner";
REVOKE CONNECT, TEMPORARY ON DATABASE :"half" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"half" TO :"half";
ALTER ROLE :"migrator" SET role = :'owner';
ALTER ROLE :"migrator" IN DATABASE :"half" SET search_path = public, platform;
ALTER ROLE :"half" IN DATABASE :"half" SET search_path = public, platform;
\connect :"half"
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE ON SCHEMAS TO :"half";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"half";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE, SELECT ON SEQUENCES TO :"half";
SQL
}

create api "$API_DATABASE_PASSWORD" "$API_MIGRATOR_PASSWORD"
create web "$WEB_DATABASE_PASSWORD" "$WEB_MIGRATOR_PASSWORD"
