#!/bin/sh
# debian.sh DIRECTORY PACKAGE/SUITE…: packages of bookworm and trixie, into DIRECTORY. Asks the
# archive that this machine (a Debian 12) uses, through apt with a state of its own: nothing is
# installed, and what apt knows of this machine stays as it is.
set -eu
[ $# -ge 2 ] || { echo 'usage: debian.sh DIRECTORY PACKAGE/SUITE…' >&2; exit 2; }
cd -- "$1"
shift
# shellcheck disable=SC2016 # apt expands it
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Component: main' |
  head -n 1)
[ -n "$archive" ] || { echo 'debian.sh: apt of this machine knows no bookworm' >&2; exit 1; }
mkdir -p apt/lists/partial apt/cache/archives/partial
for suite in bookworm trixie; do
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main"
done >apt/sources.list
cat >apt/apt.conf <<CONF
Dir::Etc::sourcelist "$PWD/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$PWD/apt/lists";
Dir::Cache "$PWD/apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
APT_CONFIG=$PWD/apt/apt.conf
export APT_CONFIG
apt-get -qq update
apt-get -qq download "$@"
rm -rf -- apt
