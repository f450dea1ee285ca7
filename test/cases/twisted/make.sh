#!/bin/sh
# make.sh RELEASE DIRECTORY: writes the release tree of one release of minibot.
#   1  the beginning
#   2  builds know their worker; upgradeToVersion2 gives one to the old builds
#   3  the same, and the upgrade method was forgotten: it starts and lists, and fails with an
#      AttributeError when an old build is looked at
# In minibot.py.in, lines that end in `# only N M` belong to the releases N and M.
set -eu
[ $# -eq 2 ] || { echo "usage: make.sh 1|2|3 DIRECTORY" >&2; exit 2; }
here=$(cd -- "$(dirname -- "$0")" && pwd)
case $1 in
  1 | 2 | 3) ;;
  *) echo "make.sh: there is no release '$1'" >&2; exit 2 ;;
esac
mkdir -p -- "$2/minibot"
awk -v release="$1" '
  match($0, /  # only [0-9 ]+$/) {
    if (index(substr($0, RSTART), " " release) == 0) next
    $0 = substr($0, 1, RSTART - 1)
  }
  { sub(/@RELEASE@/, release); print }
' "$here/minibot.py.in" >"$2/minibot/minibot.py"
echo "$1.0.0" >"$2/minibot/VERSION"
