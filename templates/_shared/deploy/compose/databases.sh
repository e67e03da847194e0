#!/bin/sh
# Runs once, when compose makes its database volume: a role and a database for each half, and neither
# may open the other's.
set -eu
for half in api web; do
    psql --username postgres --set half="$half" --set password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE :"half" LOGIN PASSWORD :'password';
CREATE DATABASE :"half" OWNER :"half";
REVOKE CONNECT ON DATABASE :"half" FROM PUBLIC;
SQL
done
