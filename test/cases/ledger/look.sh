# shellcheck shell=sh
# After look.sh of the rehearsals: databases, their content, and who is connected besides.
ask() { runuser -u postgres -- psql -X -q -A -t "$@"; }
ask -c 'select datname from pg_database order by 1' | tr '\n' ' ' | tell databases
runuser -u postgres -- pg_dump ledger | grep -v -E '^\\(un)?restrict ' | sha256sum | tell dump
ask -c "select usename, application_name from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()" | tell sessions
