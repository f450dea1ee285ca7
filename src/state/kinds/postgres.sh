# shellcheck shell=sh
# State of the kind postgres.
