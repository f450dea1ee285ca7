# shellcheck shell=sh disable=SC2154,SC2153,SC2015 # the constants and STORE stand above
# What would start something of the application, or send its mail, without asking us.

look() {
  look_at_crontabs
  look_at_at
  look_at_timers
  look_at_mail
  look_at_forwarders
}

is_user() { [ -n "$1" ] && printf '%s\n' "$USERS" | grep -q -x -F -e "$1"; }

# mentions: lines of the input that name a path of the application; comments do not count.
mentions() { [ -n "$PATHS" ] && grep -v '^[[:space:]]*#' | grep -F -e "$PATHS"; }

told_line() { printf '%s' "$1" | tr '\t' ' ' | cut -c1-160; }

look_at_crontabs() {
  for directory in /var/spool/cron/crontabs /var/spool/cron; do
    for user in $USERS root; do
      file=$directory/$user
      [ -f "$file" ] || continue
      if [ "$user" = root ]; then lines=$(mentions <"$file")
      else lines=$(grep -v -e '^[[:space:]]*#' -e '^[[:space:]]*$' \
        -e '^[A-Za-z_][A-Za-z0-9_]*[ ]*=' "$file"); fi
      [ -z "$lines" ] || problem \
        "cron runs for $user on staging: $(told_line "${lines%%"$newline"*}") ($file)" \
        "Take it out on staging: crontab -u $user -e (production keeps its own)."
    done
  done
  for file in /etc/crontab /etc/anacrontab /etc/cron.d/*; do
    [ -f "$file" ] || continue
    grep -v -e '^[[:space:]]*#' -e '^[[:space:]]*$' -- "$file" | while read -r line; do
      # shellcheck disable=SC2086 # words, split on purpose
      { set -f; set -- $line; }
      case ${1:-} in @*) name=${2:-} ;; *) name=${6:-} ;; esac
      if is_user "$name" || [ -n "$(printf '%s\n' "$line" | mentions)" ]; then
        problem "cron runs on staging: $(told_line "$line") ($file)" \
          "Remove or comment out that line of $file on staging."
      fi
    done
  done
  for file in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*; do
    [ -f "$file" ] && [ -x "$file" ] && [ -n "$(mentions <"$file")" ] || continue
    problem "cron runs on staging: $file names a path of the application" \
      "On staging: chmod a-x $file"
  done
}

look_at_at() {
  for user in $USERS; do
    find /var/spool/cron/atjobs /var/spool/at -type f -user "$user" 2>/dev/null |
      while read -r job; do
        problem "an at job of $user waits on staging: $job" \
          'Look at it with atq, remove it with atrm.'
      done
  done
}

# Timers of the system, running or to be started at boot, whose unit works for the application.
look_at_timers() {
  if [ -d /run/systemd/system ]; then
    # shellcheck disable=SC2046 # names of units, split on purpose
    set -- $({ systemctl list-units --type=timer,path --state=active --plain --no-legend
      systemctl list-unit-files --type=timer,path --state=enabled --no-legend
    } 2>/dev/null | awk '$1 !~ /@\./ { print $1 }' | sort -u)
    [ "$#" = 0 ] || systemctl show -p Id,Triggers -- "$@" | awk -F= '
      { if ($1 == "Id") id = $2; if ($1 == "Triggers") triggers = $2 }
      $0 == "" { print id " " triggers; id = triggers = "" }
      END { print id " " triggers }' | while read -r timer units; do
        # It only removes copies.
        case $timer in seatrial-expire-*.timer) continue ;; esac
        configured "$timer" || for unit in $units; do
          configured "$unit" || works_for_us "$timer" "$unit"
        done
      done
  fi
  for user in $USERS; do
    home=$(getent passwd "$user" | cut -d: -f6)
    for link in "$home"/.config/systemd/user/*.wants/*; do
      [ -L "$link" ] || continue
      problem "systemd starts for $user on staging: $link" \
        "On staging, as $user: systemctl --user disable --now ${link##*/}"
    done
  done
}

configured() { printf '%s\n' "$UNITS" | grep -q -x -F -e "$1"; }

# works_for_us TIMER UNIT
works_for_us() {
  told=$(systemctl show -p User,ExecStart,ExecStartPre,WorkingDirectory -- "$2")
  runs=$(printf '%s\n' "$told" | sed -n 's/^User=//p')
  if is_user "$runs" || [ -n "$(printf '%s\n' "$told" | mentions)" ]; then
    problem "$1 starts $2 on staging, which runs for the application (as ${runs:-root})" \
      "Name $1 under service, so that the procedure stops it, or: systemctl disable --now $1"
  fi
}

# A program that hands mail to a server under another user is not held by rules on ours, and what
# lies in a queue is sent whenever the server runs again.
look_at_mail() {
  for program in /usr/sbin/postdrop /usr/sbin/exim4 /usr/sbin/exim /usr/bin/exim \
    /usr/sbin/sendmail /usr/lib/sendmail /usr/sbin/nullmailer-queue /usr/sbin/dma /usr/lib/dma/dma \
    /usr/sbin/smtpctl /var/qmail/bin/qmail-queue; do
    real=$(readlink -f -- "$program") && [ -x "$real" ] || continue
    # These connect by themselves, as who runs them.
    case ${real##*/} in ssmtp | msmtp | esmtp) continue ;; esac
    if [ "$ROOT_RUNS" = yes ] && ! submits_nobody "$real"; then
      problem "on staging, what runs as root can hand mail to a mail server: by $real" \
        "Remove the mail server from staging, or: chmod a-x $real"
    fi
    [ -u "$real" ] || [ -g "$real" ] || continue
    for user in $USERS; do
      runuser -u "$user" -- test -x "$real" || continue
      submits_not "$user" "$real" || told_mail "$user" "$real"
    done
  done | sort -u
}

told_mail() {
  case ${2##*/} in
    postdrop) fix="postconf -e 'authorized_submit_users = !$1, static:all'" ;;
    *) fix="dpkg-statoverride --update --add root root 0750 $2 (or remove the mail server)" ;;
  esac
  problem "on staging, $1 can hand mail to a mail server: by $2" "On staging: $fix"
}

# submits_not USER PROGRAM: Postfix can refuse mail by who hands it in.
submits_not() {
  case ${2##*/} in postdrop | sendmail) ;; *) return 1 ;; esac
  command -v postconf >/dev/null || return 1
  list=$(postconf -h authorized_submit_users 2>/dev/null | tr ',' ' ') || return 1
  case " $list " in *" !$1 "*) return 0 ;; *:* | */* | *" $1 "*) return 1 ;; esac
}

submits_nobody() {
  [ "${1##*/}" = postdrop ] && command -v postconf >/dev/null &&
    [ -z "$(postconf -h authorized_submit_users 2>/dev/null || echo unknown)" ]
}

# A tunnel or a proxy on this host would carry it out under its own user.
look_at_forwarders() {
  command -v ss >/dev/null || return 0
  ss -H -l -t -n -p 2>/dev/null | while read -r _ _ _ address _ process _; do
    name=$(printf '%s' "$process" | sed -n 's/^users:(("\([^"]*\)".*/\1/p')
    case " $FORWARDERS " in *" ${name:-none} "*) ;; *) continue ;; esac
    here=localhost:${address##*:}
    printf '%s\n' "$ALLOW" | grep -q -x -F -e "$here" ||
      problem "$name listens on staging at $address, and could carry what the copy sends" \
        "Stop it, or allow it knowingly: staging: { isolation: { allow: ['$here'] } }"
  done
}
