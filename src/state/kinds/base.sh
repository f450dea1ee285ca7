# shellcheck shell=sh
# What every kind of state shares, in a transaction, in a copy and in gathering facts.

TAB=$(printf '\t')

# spec SPEC NAME: one field of a specification (src/state/spec.ts), empty where it is not given.
# What has no fields is its `path`.
spec() {
  case $1 in
    /*) [ "$2" != path ] || printf '%s' "$1"; return 0 ;;
  esac
  printf '%s\n' "$1" | tr '\t' '\n' | NAME=$2 awk '
    index($0, ENVIRON["NAME"] "=") == 1 {
      text = substr($0, length(ENVIRON["NAME"]) + 2)
      out = ""
      while (length(text) > 0) {
        c = substr(text, 1, 1)
        if (c == "\\") {
          n = substr(text, 2, 1)
          out = out (n == "n" ? "\n" : n == "t" ? "\t" : n)
          text = substr(text, 3)
        } else { out = out c; text = substr(text, 2) }
      }
      printf "%s", out
      exit
    }'
}
