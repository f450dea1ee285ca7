# shellcheck shell=sh disable=SC2154,SC2016 # the constants and STORE stand above
# The proof: as every user, try every target, and see our own rule refuse it.

# Reads `tcp|udp ADDRESS PORT` lines, tries each, and writes `WORD TAB PROTO ADDRESS PORT`: refused,
# unroutable (no packet can leave), connected, silent. Stops at the first that is not refused. The
# first line tells that the probe itself can connect: to a listener of its own.
PYTHON='
import errno, socket, sys
def tell(word, what): print(word + "\t" + what); sys.stdout.flush()
gone = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(1)
here = socket.create_connection(listener.getsockname(), 2); here.close()
tell("works", "the probe")
for line in sys.stdin:
    kind, host, port = line.split()
    try:
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
            socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        s.settimeout(2)
        s.connect((host, int(port)))
        if kind == "udp": s.send(b"\0"); s.recv(1)
        word = "connected"
    except OSError as error:
        word = "silent"
        if error.errno in (errno.ECONNREFUSED, errno.EPERM, errno.EACCES): word = "refused"
        if error.errno in gone: word = "unroutable"
    tell(word, line.strip())
    if word in ("connected", "silent"): sys.exit(0)
'
PERL='
use strict; use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6); use Errno; $| = 1;
sub tell_word { print "$_[0]\t$_[1]\n" }
sub word_of { my $e = shift;
  return "refused" if grep { $e == $_ } Errno::ECONNREFUSED, Errno::EPERM, Errno::EACCES;
  return "unroutable" if grep { $e == $_ } Errno::ENETUNREACH, Errno::EHOSTUNREACH,
    Errno::EADDRNOTAVAIL, Errno::EAFNOSUPPORT;
  return "silent" }
sub bounded { my $act = shift; my $done; eval { local $SIG{ALRM} = sub { die "late\n" }; alarm 2;
  $done = $act->(); alarm 0; 1 } or return "silent";
  return $done ? "connected" : word_of($! + 0) }
socket(my $l, PF_INET, SOCK_STREAM, 0) && bind($l, pack_sockaddr_in(0, inet_aton("127.0.0.1"))) &&
  listen($l, 1) or exit 1;
socket(my $h, PF_INET, SOCK_STREAM, 0) && connect($h, getsockname($l)) or exit 1;
tell_word("works", "the probe");
while (my $line = <STDIN>) { chomp $line; my ($kind, $host, $port) = split " ", $line;
  my $six = $host =~ /:/; my $to = $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $host))
    : pack_sockaddr_in($port, inet_aton($host));
  my $word = socket(my $s, $six ? PF_INET6 : PF_INET, $kind eq "tcp" ? SOCK_STREAM : SOCK_DGRAM, 0)
    ? bounded(sub { connect($s, $to) or return 0; return 1 if $kind eq "tcp";
      defined(send($s, "\0", 0)) or return 0; return defined(recv($s, my $got, 1, 0)) })
    : word_of($! + 0);
  tell_word($word, $line);
  exit 0 if $word eq "connected" or $word eq "silent" }
'

# as_member USER|- COMMAND…: `-` is root in the group.
as_member() {
  member=$1
  shift
  set -- env -i PATH=/usr/bin:/bin:/usr/libexec "$@"
  if [ "$member" = - ]; then (echo 0 >"$(group)/commands/cgroup.procs" && exec "$@")
  else runuser -u "$member" -- "$@"; fi
}

# probe USER: with the first language that this user has.
probe() {
  for python in python3 platform-python; do
    as_member "$1" "$python" -I -c pass >/dev/null 2>&1 || continue
    as_member "$1" "$python" -I -c "$PYTHON"
    return
  done
  as_member "$1" perl -MSocket -e 1 >/dev/null 2>&1 && as_member "$1" perl -e "$PERL"
}

# Besides what we are given: an address of nobody (RFC 5737 and 3849), the name servers, the mail
# ports of this host, and the hosts that its mail programs send by.
own_targets() {
  for address in 192.0.2.1 2001:db8::1; do
    printf 'tcp %s 443\ntcp %s 25\nudp %s 53\n' "$address" "$address" "$address"
  done
  awk '$1 == "nameserver" && $2 !~ /^127\.|^::1$|%/ { print "udp " $2 " 53"
    print "tcp " $2 " 53" }' /etc/resolv.conf 2>/dev/null
  for port in $MAIL_PORTS; do printf 'tcp 127.0.0.1 %s\n' "$port"; done
  ! has_ipv6 || printf 'tcp ::1 25\n'
  relays | while read -r relay; do printf 'tcp %s 25\ntcp %s 587\n' "$relay" "$relay"; done
}

relays() {
  {
    ! command -v postconf >/dev/null || postconf -h relayhost 2>/dev/null
    sed -n 's/^[ \t]*host[ \t][ \t]*\([^ \t]*\).*/\1/p' /etc/msmtprc 2>/dev/null
    sed -n 's/^mailhub=//Ip' /etc/ssmtp/ssmtp.conf 2>/dev/null
    cut -d' ' -f1 /etc/nullmailer/remotes 2>/dev/null
  } | sed -e 's/^\[//' -e 's/\]//' -e 's/:[0-9]*$//' |
    grep -v -e '^127\.' -e '^localhost$' -e '^$' | grep -x -e '[A-Za-z0-9.:-]*' | sort -u
}

# resolved: each target with an address. A name that nobody knows proves nothing.
resolved() {
  while read -r kind host port rest; do
    case $kind:$host:$port$rest in
      tcp:-* | udp:-* | *[!A-Za-z0-9.:_-]* | *:) found= ;;
      tcp:* | udp:*) found=$(addresses "$host") ;;
      *) found= ;;
    esac
    [ -n "$found" ] || problem "$host has no address on this host, so nothing is proven of it" \
      'Write its address instead of its name.'
    for address in $found; do printf '%s %s %s\n' "$kind" "$address" "$port"; done
  done
}

prove() {
  check || return
  { own_targets; cat; } | resolved | awk '!seen[$0]++' >"$STORE/targets.all"
  grep '^problem' "$STORE/targets.all"
  : >"$STORE/targets.open" && rm -f -- "$STORE/targets.shut"
  # What is allowed is never tried: it would be reached.
  awk 'FILENAME ~ /allowed$/ { allowed[$1 " " $2] = 1; next } /^problem/ { next }
    ($2 " " $3) in allowed { print > (STORE "/targets.open"); next }
    { print > (STORE "/targets.shut") }' STORE="$STORE" "$STORE/allowed" "$STORE/targets.all"
  while read -r _ address port; do
    problem "isolation allows $address:$port, which must not be reached from the copy" \
      'Take it out of staging: { isolation: { allow: … } }; the copy needs one of its own.'
  done <"$STORE/targets.open"
  trap '"${BACKEND}_net_off"' EXIT
  "${BACKEND}_net_on" || problem 'the net behind the rules could not be set' "$again" || return
  for user in $USERS; do prove_user "$user" "$user"; done
  [ "$GROUP" != yes ] || prove_user - 'root (in the group)'
}

# prove_user USER WHO: positive evidence from both sides: the probe can connect where it may, and
# our rule counted at least each refusal that the probe has seen.
prove_user() {
  before=$("${BACKEND}_count" refused) out=$("${BACKEND}_count" escaped)
  said=$(probe "$1" <"$STORE/targets.shut" 2>"$STORE/said")
  after=$("${BACKEND}_count" refused) escaped=$("${BACKEND}_count" escaped)
  printf '%s\n' "$said" | sed "s/^/proof\t$2\t/"
  case $said in
    works*) ;;
    *) problem "the proof could not be made as $2: $(tail -n 1 "$STORE/said")" \
      'Install python3 (or perl) on staging, where that user may run it.'; return ;;
  esac
  open=$(printf '%s\n' "$said" | awk -F'\t' '$1 == "connected" || $1 == "silent" { print $2 }')
  refused=$(printf '%s\n' "$said" | grep -c '^refused')
  if [ -n "$open" ] || [ "$escaped" != "$out" ]; then
    problem "as $2, ${open:-the network} is not refused by the rules (what left was caught)" \
      "Look which rule lets it out (nft list ruleset), then: $again"
  elif [ "$((after - before))" -lt "$refused" ] || [ "$refused" = 0 ]; then
    problem "as $2, $refused targets were refused, but our rules count $((after - before))" \
      "Something else refuses; look at the rules of the host (nft list ruleset), then: $again"
  fi
}
