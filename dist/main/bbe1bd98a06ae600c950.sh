# shellcheck shell=sh
# shellcheck disable=SC2016 # programs in other languages
# Languages with their modules. Package managers are slow to tell what directories tell at once.

# parity_runtimes UNDER UNITS DIRECTORY…: those of PATH by their names; by their paths those in
# directories and beside what units start. What is UNDER (the releases) comes with the copy.
parity_runtimes() {
  under=$1 units=$2
  shift 2
  # shellcheck disable=SC2046,SC2086 # units and directories of programs hold no blanks
  set -- "$@" $(started_by "$under" $units)
  for language in python php ruby node perl java; do
    section runtimes runtime "$language" "$(first_of "$(names_of "$language")" '')"
    for directory in "$@"; do
      found=$(first_of "$(names_of "$language")" "$directory/")
      [ -z "$found" ] || section runtimes runtime "$language" "$found"
    done
  done
}

names_of() { if [ "$1" = python ]; then echo python3 python python2; else echo "$1"; fi; }

first_of() {
  for name in $1; do
    if there "$2$name"; then printf '%s\n' "$2$name"; return; fi
  done
}

# started_by UNDER UNIT…: directories of the programs that units start, but for the system's own.
started_by() {
  under=$1
  shift
  [ $# != 0 ] && [ -d /run/systemd/system ] || return 0
  bounded systemctl show -p ExecStart --value -- "$@" 2>/dev/null </dev/null |
    sed -n 's/.*[{ ]path=\([^ ;]*\)\/[^ ;/]* ;.*/\1/p' | while IFS= read -r directory; do
    case $directory in
      /bin | /usr/bin | /sbin | /usr/sbin | /usr/local/bin) ;;
      "$under"/*) ;;
      *) printf '%s\n' "$directory" ;;
    esac
  done | sort -u | head -n 20
}

runtime() {
  [ -n "$2" ] || return 0
  export NAME="$2"
  "of_$1" "$2" || unread runtimes "$2" "it ended with $?"
}

# Works with every Python that can still be found; reads names of directories, not their files.
of_python() {
  bounded "$1" -c '
import os, sys
name = os.environ["NAME"]
def tell(kind, item, value):
    sys.stdout.write("%s\t%s\t%s\n" % (kind, item, value))
tell("runtimes", name, sys.version.split()[0])
seen = {}
for place in sys.path:
    if not place or not os.path.isdir(place): continue
    try: entries = os.listdir(place)
    except OSError: continue
    for entry in entries:
        parts = None
        for end in (".dist-info", ".egg-info", ".egg"):
            if entry.endswith(end): parts = entry[:-len(end)].split("-")
        if not parts: continue
        version = "there"
        if len(parts) > 1: version = parts[1]
        else:
            try:
                for line in open(os.path.join(place, entry, "PKG-INFO")):
                    if line.startswith("Version:"): version = line[8:].strip(); break
            except (OSError, IOError, ValueError): pass
        module = parts[0].lower().replace("_", "-")
        if module not in seen:
            seen[module] = 1
            tell("modules", "%s:%s" % (name, module), version)
'
}

# A module that has no version of its own comes with PHP.
of_php() {
  bounded "$1" -d display_errors=0 -r '$n = getenv("NAME");
    echo "runtimes\t$n\t", PHP_VERSION, "\n";
    foreach (get_loaded_extensions() as $e) { $v = phpversion($e);
      echo "modules\t$n:", strtolower($e), "\t",
        $v === false || $v === PHP_VERSION ? "with php" : $v, "\n"; }'
}

of_ruby() {
  bounded "$1" --disable-gems -e 'n = ENV["NAME"]
    puts "runtimes\t#{n}\t#{RUBY_VERSION}"
    require "rbconfig"
    c = RbConfig::CONFIG
    v = c["ruby_version"]
    dirs = ["#{c["rubylibprefix"]}/gems/#{v}", "/var/lib/gems/#{v}",
      "/usr/local/lib/ruby/gems/#{v}", "/usr/share/rubygems-integration/all",
      "/usr/share/rubygems-integration/#{v}"]
    found = Hash.new { |h, k| h[k] = [] }
    dirs.each { |d| Dir.glob("#{d}/specifications/{,default/}*.gemspec").each { |f|
      found[$1] << $2 if File.basename(f, ".gemspec") =~ /\A(.+?)-(\d[^-]*)/ } }
    found.each { |g, vs| puts "modules\t#{n}:#{g}\t#{vs.uniq.sort.join(" + ")}" }'
}

of_node() {
  version=$(bounded "$1" --version) || return
  item runtimes "$1" "$version"
  library=$(readlink -f -- "$(command -v "$1")")
  library=${library%/*/*}/lib/node_modules
  [ -d "$library" ] || return 0
  set --
  for file in "$library"/*/package.json "$library"/@*/*/package.json; do
    [ ! -r "$file" ] || set -- "$@" "$file"
  done
  [ $# != 0 ] || return 0
  LIBRARY=$library/ awk '
    function tell(version) {
      if (module != "") printf "modules\t%s:%s\t%s\n", ENVIRON["NAME"], module, version
      module = ""
    }
    FNR == 1 {
      tell("there")
      module = substr(FILENAME, length(ENVIRON["LIBRARY"]) + 1)
      sub(/\/package\.json$/, "", module)
    }
    /^[ \t]*"version"[ \t]*:/ { split($0, word, "\""); tell(word[4]) }
    END { tell("there") }' "$@"
}

of_perl() { item runtimes "$1" "$(bounded "$1" -e 'printf "%vd", $^V')"; }

# Starting it takes longer than all the rest; a file beside it says its version.
of_java() {
  home=$(readlink -f -- "$(command -v "$1")")
  home=${home%/bin/java}
  version=
  for file in "$home/release" "$home/../release"; do
    [ ! -r "$file" ] || [ -n "$version" ] ||
      version=$(sed -n 's/^JAVA_VERSION="\(.*\)".*/\1/p' "$file")
  done
  [ -n "$version" ] || version=$(bounded "$1" -version 2>&1 | sed -n '1s/.*"\(.*\)".*/\1/p')
  [ -n "$version" ] || return 1
  item runtimes "$1" "$version"
}
