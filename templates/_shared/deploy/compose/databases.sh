#!/bin/sh
# Runs once, when compose makes its database volume: a role and a database for each half, and neither
# may open the other's.
set -eu

create() {
    psql --username postgres --set half="$1" --set password="$2" <<'SQL'
CREATE ROLE :"half" LOGIN PASSWORD :'password';
CREATE DATABASE :"half" OWNER :"half";
REVOKE CONNECT, TEMPORARY ON DATABASE :"half" FROM PUBLIC;
SQL
}

create api "$API_DATABASE_PASSWORD"
create web "$WEB_DATABASE_PASSWORD"
