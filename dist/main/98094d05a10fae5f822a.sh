# shellcheck shell=sh
# Facts that only staging is asked for, joined to facts.sh: what a rehearsal needs to cut the
# application off from the network.

# fact_isolation APPLICATION UNIT…
fact_isolation() {
  helper=/usr/local/sbin/seatrial-isolation-$1
  marker=/run/seatrial/$1/isolated
  shift
  for tool in nft iptables ip6tables perl; do fact_if "tool.$tool" command -v "$tool"; done
  fact_if isolation-groups grep -q ' - cgroup2 ' /proc/self/mountinfo
  fact isolation-helper "$(rooted "$helper" && sha256sum <"$helper" | cut -d' ' -f1)"
  fact_if isolation-usable may_isolate "$helper"
  for unit in "$@"; do
    fact_isolated_unit "$unit" "$marker"
    case $unit in *.timer | *.path) ;; *) continue ;; esac
    for triggered in $(property Triggers "$unit"); do
      fact_isolated_unit "$triggered" "$marker"
    done
  done
  rooted "$helper" && may_isolate "$helper" >/dev/null 2>&1 || return 0
  as_root "$helper" look 2>/dev/null | while IFS="$(printf '\t')" read -r word message fix; do
    [ "$word" != problem ] || printf 'isolation\t%s\t%s\n' "$message" "$fix"
  done
}

# What root runs must not be ours to change.
rooted() {
  [ "$(stat -c %u -- "$1" 2>/dev/null)" = 0 ] && { [ "$(id -u)" = 0 ] || [ ! -w "$1" ]; }
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

may_isolate() {
  for act in on check prove look still; do may "$1" "$act" || return; done
}

fact_isolated_unit() {
  fact "unit.$1.user" "$(unit_user "$1")"
  fact_if "unit.$1.isolated" isolated_unit "$1" "$2"
}

# One that systemd makes up at each start has no number that a rule could name.
unit_user() {
  if [ "$(property DynamicUser "$1")" = yes ]; then echo dynamic; else property User "$1"; fi
}

isolated_unit() {
  [ "$(property NeedDaemonReload "$1")" = no ] &&
    systemctl cat -- "$1" 2>/dev/null | grep -q -x -F -e "ConditionPathExists=|$2"
}
