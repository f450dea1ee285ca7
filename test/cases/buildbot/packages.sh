#!/bin/sh
# packages.sh DIRECTORY: Buildbot as Debian 12 and as Debian 13 ship it, into DIRECTORY/old.deb and
# DIRECTORY/new.deb. Asks the archive that this machine (a Debian 12) uses, through apt with a state
# of its own: nothing is installed, and what apt knows of this machine stays as it is.
set -eu
[ $# -eq 1 ] || { echo 'usage: packages.sh DIRECTORY' >&2; exit 2; }
mkdir -p -- "$1"
cd -- "$1"
# shellcheck disable=SC2016 # apt expands it
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Component: main' |
  head -n 1)
[ -n "$archive" ] || { echo 'packages.sh: apt of this machine knows no bookworm' >&2; exit 1; }
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
mkdir old new
(cd old && apt-get -qq download buildbot/bookworm)
(cd new && apt-get -qq download buildbot/trixie)
mv -- old/*.deb old.deb
mv -- new/*.deb new.deb
rm -rf -- apt old new
