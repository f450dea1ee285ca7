# shellcheck shell=sh disable=SC2154 # the constants and STORE stand above
# The rules themselves, by nftables or by iptables. Every packet that a process of the users (or of
# the group) sends passes them:
#   an answer to who asked us         passes: people may look at staging
#   what is allowed                   passes
#   to this host, but a mail port     refused: a mail server would carry it on
#   to this host                      passes
#   anything else                     refused at once, and counted
# While it is proven, a second net behind the first drops and counts what escapes, so that nothing
# reaches anybody also where the rules are broken.

TABLE=seatrial_$APP
MAIL_PORTS='25 465 587 2525'

choose_backend() {
  BACKEND=$(cat "$STORE/backend" 2>/dev/null)
  case $BACKEND in nft | iptables) return ;; esac
  if command -v nft >/dev/null && nft list tables >/dev/null 2>&1; then
    BACKEND=nft
  elif command -v iptables >/dev/null && { ! has_ipv6 || command -v ip6tables >/dev/null; }; then
    BACKEND=iptables
  else
    problem 'the host has neither nft nor iptables that work, so nothing can be cut off' \
      'Install nftables on staging (apt-get install nftables), or isolate by commands of your own.'
    return
  fi
  mkdir -p -- "$STORE" && printf '%s\n' "$BACKEND" >"$STORE/backend"
}

# Files in /proc have no size.
has_ipv6() { grep -q . /proc/net/if_inet6 2>/dev/null; }

joined() { tr '\n' ',' <"$1" | sed 's/,$//'; }
group_path() { group | sed 's|^/sys/fs/cgroup/||'; }

# nft_hook NAME KIND PRIORITY TARGET: sends the packets of the users and of the group to a chain.
nft_hook() {
  printf 'chain %s { type filter hook %s priority %s; policy accept;\n' "$1" "$2" "$3"
  [ ! -s "$STORE/uids" ] || printf 'meta skuid { %s } goto %s\n' "$(joined "$STORE/uids")" "$4"
  [ "$GROUP" != yes ] || printf 'socket cgroupv2 level 1 "%s" goto %s\n' "$(group_path)" "$4"
  printf '}\n'
}

nft_allowed() {
  while read -r address port; do
    case $address in *:*) family=ip6 ;; *) family=ip ;; esac
    printf '%s daddr %s meta l4proto { tcp, udp } th dport %s accept\n' \
      "$family" "$address" "$port"
  done <"$STORE/allowed"
}

# One transaction of the kernel: there is no moment without rules. The first chain stands before
# addresses are translated and before other firewalls, the second after.
nft_on() {
  nft -f - <<NFT
table inet $TABLE
delete table inet $TABLE
table inet $TABLE {
counter refused { }
chain leave {
ct direction reply ct state established,related accept
$(nft_allowed)
fib daddr type local tcp dport { $(printf '%s' "$MAIL_PORTS" | tr ' ' ',') } goto refuse
fib daddr type local accept
goto refuse
}
chain refuse {
counter name refused
meta l4proto tcp reject with tcp reset
reject with icmpx type port-unreachable
}
$(nft_hook early output -150 leave)
$(nft_hook late output 300 leave)
}
NFT
}

nft_listing() { nft -s list table inet "$TABLE"; }
nft_off() { nft_net_off; nft delete table inet "$TABLE"; }

# nft_count refused|escaped: packets so far.
nft_count() {
  table=$TABLE
  [ "$1" = refused ] || table=${TABLE}_net
  nft list counter inet "$table" "$1" | awk '$1 == "packets" { print $2 }'
}

nft_net_on() {
  nft -f - <<NFT
table inet ${TABLE}_net
delete table inet ${TABLE}_net
table inet ${TABLE}_net {
counter escaped { }
chain leave {
ct direction reply accept
$(nft_allowed)
fib daddr type local accept
counter name escaped
drop
}
$(nft_hook behind output 400 leave)
}
NFT
}

nft_net_off() { nft delete table inet "${TABLE}_net" 2>/dev/null; }

# Names of chains are short: a sum stands for the application.
chain() { printf 'SEATRIAL-%s' "$(printf '%s' "$APP" | cksum | cut -d' ' -f1)"; }

tables() { printf 'iptables 4\n'; ! has_ipv6 || printf 'ip6tables 6\n'; }

iptables_allowed() {
  while read -r address port; do
    case $2$address in 4*:*) continue ;; 4* | 6*:*) ;; *) continue ;; esac
    for protocol in tcp udp; do
      printf -- '-A %s -d %s -p %s --dport %s -j RETURN\n' "$1" "$address" "$protocol" "$port"
    done
  done <"$STORE/allowed"
}

# iptables_hook TOOL TABLE PLACE CHAIN: the old jumps go and the new ones come in one commit.
iptables_hook() {
  "$1" -t "$2" -S "$3" | grep -e "-j $4\$" | sed 's/^-A/-D/'
  while read -r uid; do
    printf -- '-I %s 1 -m owner --uid-owner %s -j %s\n' "$3" "$uid" "$4"
  done <"$STORE/uids"
  [ "$GROUP" != yes ] ||
    printf -- '-I %s 1 -m cgroup --path /%s -j %s\n' "$3" "$SLICE" "$4"
}

iptables_on() {
  name=$(chain)
  tables | while read -r tool family; do
    "$tool-restore" --noflush <<RULES || exit 1
*filter
:$name - [0:0]
:$name-R - [0:0]
-F $name
-F $name-R
-A $name -m conntrack --ctdir REPLY --ctstate ESTABLISHED,RELATED -j RETURN
$(iptables_allowed "$name" "$family")
-A $name -p tcp -m addrtype --dst-type LOCAL -m multiport --dports $(printf '%s' "$MAIL_PORTS" |
  tr ' ' ',') -j $name-R
-A $name -m addrtype --dst-type LOCAL -j RETURN
-A $name -j $name-R
-A $name-R -p tcp -j REJECT --reject-with tcp-reset
-A $name-R -j REJECT
$(iptables_hook "$tool" filter OUTPUT "$name")
COMMIT
RULES
  done
}

iptables_listing() {
  name=$(chain)
  tables | while read -r tool _; do
    "$tool" -S OUTPUT && "$tool" -S "$name" && "$tool" -S "$name-R" || exit 1
  done
}

iptables_count() {
  name=$(chain)-R table=filter
  [ "$1" = refused ] || name=$(chain)-N table=mangle
  tables | while read -r tool _; do
    "$tool" -t "$table" -n -v -x -L "$name" |
      awk '$3 == "REJECT" || $3 == "DROP" { sum += $1 } END { print sum + 0 }'
  done | awk '{ sum += $1 } END { print sum }'
}

iptables_net_on() {
  name=$(chain)-N
  tables | while read -r tool family; do
    "$tool-restore" --noflush <<RULES || exit 1
*mangle
:$name - [0:0]
-F $name
-A $name -m conntrack --ctdir REPLY -j RETURN
$(iptables_allowed "$name" "$family")
-A $name -m addrtype --dst-type LOCAL -j RETURN
-A $name -j DROP
$(iptables_hook "$tool" mangle POSTROUTING "$name")
COMMIT
RULES
  done
}

# iptables_remove TABLE PLACE CHAIN…: the jumps to the first one, then all of them.
iptables_remove() {
  table=$1 place=$2
  shift 2
  for tool in iptables ip6tables; do
    command -v "$tool" >/dev/null || continue
    "$tool" -t "$table" -S "$place" 2>/dev/null | grep -e "-j $1\$" | sed 's/^-A/-D/' |
      xargs -r -L 1 "$tool" -t "$table"
    for name in "$@"; do "$tool" -t "$table" -F "$name"; done 2>/dev/null
    for name in "$@"; do "$tool" -t "$table" -X "$name"; done 2>/dev/null
  done
}

iptables_net_off() { iptables_remove mangle POSTROUTING "$(chain)-N"; }
iptables_off() {
  iptables_net_off
  iptables_remove filter OUTPUT "$(chain)" "$(chain)-R"
}
