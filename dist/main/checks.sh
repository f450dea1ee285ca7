# shellcheck shell=sh
# Checks give one of three verdicts: 0 pass, 1 fail, 2 no verdict. Only 0 is ever success.
# Each leaves one line in SAID. The head gives CHECKS, check_NN MODE, and CHECK_TITLE_NN.

BODY_BYTES_MAX=16777216

# http_get URL SECONDS FILE: sets CODE; 1 where nobody listens, 2 where it cannot be told.
http_get() {
  CODE=
  # An answer without a body leaves the file alone, and an older answer would be read for it.
  : >"$3" || { SAID='the answer could not be written down'; return 2; }
  if command -v curl >/dev/null; then
    CODE=$(curl --silent --globoff --noproxy '*' --proto '=http,https' --max-time "$2" \
      --max-filesize "$BODY_BYTES_MAX" --output "$3" --write-out '%{http_code}' -- "$1")
    status=$?
  else
    CODE=$(node -e "$NODE_GET" -- "$1" "$2" "$3")
    status=$?
  fi
  case $status in
    0) return 0 ;;
    7) SAID='nobody listens'; return 1 ;;
    52 | 56) SAID='the connection was closed without an answer'; return 1 ;;
    28) SAID="no answer within $2 s"; return 2 ;;
    *) SAID="the request could not be made (curl status $status)"; return 2 ;;
  esac
}

# Where curl is missing and Node.js is there; the exit statuses are curl's.
# shellcheck disable=SC2016 # JavaScript
NODE_GET='
const [url, seconds, file] = process.argv.slice(1);
const lib = url.startsWith("https:") ? "https" : "http";
const request = require(lib).get(url, { agent: false, timeout: seconds * 1000 }, (reply) => {
  reply.on("error", () => end(56));
  const out = require("fs").createWriteStream(file);
  reply.pipe(out);
  out.on("finish", () => { process.stdout.write(String(reply.statusCode)); });
});
const end = (code) => process.exit(code);
setTimeout(() => end(28), seconds * 1000).unref();
request.on("error", (e) => end(e.code === "ECONNREFUSED" ? 7 : e.code === "ENOTFOUND" ? 6 : 56));'

# in_ranges CODE 200-299 404-404 …
in_ranges() {
  code=$1
  shift
  for range in "$@"; do
    [ "$code" -ge "${range%-*}" ] && [ "$code" -le "${range#*-}" ] && return 0
  done
  return 1
}

# check_http URL SECONDS CONTAINS RANGE…
check_http() {
  url=$1 seconds=$2 contains=$3 body=$RUN_DIR/body
  shift 3
  http_get "$url" "$seconds" "$body" || return
  in_ranges "$CODE" "$@" || { SAID="answered $CODE"; return 1; }
  [ -z "$contains" ] || grep -q -F -e "$contains" -- "$body" ||
    { SAID="answered $CODE without the text that it must contain"; return 1; }
  SAID="answered $CODE"
}

# mark_log FILE LABEL: only lines from here on count.
mark_log() {
  if [ -e "$1" ]; then
    size=$(stat -L -c %s -- "$1")
    printf '%s %s %s\n' "$(stat -L -c %i -- "$1")" "$size" "$(before_mark "$1" "$size")"
  else printf '0 0 -\n'; fi >"$RUN_DIR/log-$2"
}

# before_mark FILE OFFSET: a checksum of what stands just before it. A log that was copied and
# truncated, and grew again, has the same inode and may be longer than it was.
before_mark() {
  from=$(($2 > 4096 ? $2 - 4096 : 0))
  tail -c "+$((from + 1))" -- "$1" | head -c "$(($2 - from))" | cksum | tr ' ' -
}

# check_log FILE LABEL BAD ALLOW: patterns are extended, one a line; nothing new may match BAD.
check_log() {
  for pattern in "$3" "$4"; do
    printf '' | grep -E -e "$pattern" 2>/dev/null
    [ $? -le 1 ] || { SAID='grep -E of this host does not take the expressions'; return 2; }
  done
  [ -r "$1" ] || { SAID='the log cannot be read'; return 2; }
  SAID='no bad line'
  [ -e "$RUN_DIR/log-$2" ] || return 0
  read -r inode offset sum <"$RUN_DIR/log-$2"
  # Rotated or truncated: all of it is new.
  [ "$(stat -L -c %i -- "$1")" = "$inode" ] && [ "$(stat -L -c %s -- "$1")" -ge "$offset" ] &&
    [ "$(before_mark "$1" "$offset")" = "$sum" ] || offset=0
  found=$(tail -c "+$((offset + 1))" -- "$1" | grep -a -E -e "$3" |
    { if [ -n "$4" ]; then grep -a -v -E -e "$4"; else cat; fi; } |
    awk 'NR == 1 { first = $0 } { last = $0 }
      END { if (NR > 0) print first (NR == 1 ? "" : " (" NR - 1 " more, the last: " last ")") }')
  [ -z "$found" ] || { SAID="new line: $found"; return 1; }
}

# check_command USER|- SECONDS UNSURE TEXT
check_command() {
  as_user "$1" "$2" / - "$4"
  status=$?
  SAID=$(told "$status")
  [ "$status" != 0 ] || return 0
  case " $3 124 126 127 " in *" $status "*) return 2 ;; esac
  [ "$status" -gt 128 ] && return 2
  return 1
}

# frozen records: id, status and digest of the answer, a line each.
# freeze_records LABEL USER|- SECONDS SAMPLE IDS-COMMAND URL REQUEST-SECONDS
freeze_records() {
  # Where a person goes on although this fails, there is nothing to compare with afterwards.
  : >"$RUN_DIR/unfrozen-$1"
  as_user "$2" "$3" / - "$5" >"$RUN_DIR/ids-$1" ||
    { SAID="the command that lists the records $(told $?)"; return 2; }
  ! grep -q -v -E '^[A-Za-z0-9._~:@-]{1,200}$' "$RUN_DIR/ids-$1" ||
    { SAID='the command that lists the records printed something that is no id'; return 2; }
  [ -s "$RUN_DIR/ids-$1" ] ||
    { SAID='there is no record to look at, and a check that looks at nothing proves nothing'
      return 2; }
  awk -v n="$4" '{ id[NR] = $0 } END { if (NR <= n) { for (i = 1; i <= NR; i++) print id[i] }
    else for (i = 0; i < n; i++) print id[1 + int(i * (NR - 1) / (n > 1 ? n - 1 : 1))] }' \
    "$RUN_DIR/ids-$1" >"$RUN_DIR/sample-$1"
  : >"$RUN_DIR/frozen-$1.part"
  while read -r id <&4; do
    look "$6" "$id" "$7" || return
    in_ranges "$CODE" 200-399 || { SAID="record $id answered $CODE before the upgrade"; return 1; }
    printf '%s %s %s\n' "$id" "$CODE" "$(sha256sum <"$RUN_DIR/body" | cut -d' ' -f1)" \
      >>"$RUN_DIR/frozen-$1.part"
  done 4<"$RUN_DIR/sample-$1"
  mv -f -- "$RUN_DIR/frozen-$1.part" "$RUN_DIR/frozen-$1" && rm -f -- "$RUN_DIR/unfrozen-$1"
  SAID="$(wc -l <"$RUN_DIR/frozen-$1" | tr -d ' ') of $(wc -l <"$RUN_DIR/ids-$1" |
    tr -d ' ') records looked at"
}

# look URL-WITH-{id} ID SECONDS
look() { http_get "${1%%\{id\}*}$2${1#*\{id\}}" "$3" "$RUN_DIR/body"; }

# check_records LABEL URL COMPARE REQUEST-SECONDS RUN|-: old records answer as they did before RUN.
check_records() {
  frozen=$RUN_DIR/frozen-$1
  [ "$5" = - ] || frozen=$BASE/runs/$5/frozen-$1
  if [ ! -e "$frozen" ]; then
    SAID='the records were not looked at before'
    [ -e "$RUN_DIR/unfrozen-$1" ] || return 2
    SAID='not compared: the records could not be looked at before'
    return 0
  fi
  while read -r id before digest <&4; do
    look "$2" "$id" "$4" || { missed=$? SAID="record $id: $SAID"; return "$missed"; }
    [ "$CODE" = "$before" ] || { SAID="record $id answered $CODE, before $before"; return 1; }
    [ "$3" = status ] || [ "$(sha256sum <"$RUN_DIR/body" | cut -d' ' -f1)" = "$digest" ] ||
      { SAID="record $id reads differently than before"; return 1; }
  done 4<"$frozen"
  SAID="$(wc -l <"$frozen" | tr -d ' ') records answer as before"
}

# check_unit UNIT / check_pidfile PIDFILE: an application that fell over is no pass.
check_unit() {
  unit_active "$1" || { SAID="it is $(systemctl show -p ActiveState --value -- "$1")"; return 1; }
  SAID='it runs'
}

# check_running USER|- SECONDS TEXT
check_running() {
  running_command "$1" "$2" "$3"
  case $? in
    0) SAID='it runs' ;;
    1) SAID='it does not run'; return 1 ;;
    *) SAID='it cannot be told whether it runs'; return 2 ;;
  esac
}

check_pidfile() {
  pidfile_active "$1" || { SAID='it does not run'; return 1; }
  SAID='it runs'
}
