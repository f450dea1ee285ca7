#!/bin/sh
# writer.sh: writes to the page Log, again and again, until somebody removes /opt/writing.
set -eu
cd -- "$(dirname -- "$0")"
while [ -e /opt/writing ]; do sh edit.sh Log "One more line."; done
