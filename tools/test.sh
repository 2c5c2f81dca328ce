#!/bin/sh
# Run the tests; what is given is passed to pytest. What cannot be had leaves its tests out, but never in CI.
set -eu
cd "$(dirname "$0")/.."

# All tests are shared between three processes, file by file: many wait for servers, so two cores hold three.
# Chosen ones run in one, where a debugger can be used.
[ $# -gt 0 ] || set -- -n 3 --dist loadfile --no-loadscope-reorder

marks=
# needs SCRIPT MARK PACKAGE NAME: the script finds or installs what tests with this mark want.
needs() {
  "tools/$1" >/dev/null && return
  if [ -n "${CI:-}" ]; then
    echo "There is no $4, and CI runs all tests. Run: apt-get install $3" >&2
    exit 1
  fi
  echo "There is no $4, so its tests are left out. To run them too: apt-get install $3"
  marks="${marks:+$marks and }not $2"
}
needs browser.sh browser chromium Chromium
needs mariadb.sh mariadb mariadb-server-core MariaDB

[ -z "$marks" ] || set -- -m "$marks" "$@"
exec .venv/bin/python -m pytest "$@"
