#!/bin/sh
# Run the tests; what is given is passed to pytest. Without a browser its tests are left out, but never in CI.
set -eu
cd "$(dirname "$0")/.."

# All tests are shared between two processes, file by file; chosen ones run in one, where a debugger can be used.
[ $# -gt 0 ] || set -- -n 2 --dist loadfile

if ! tools/browser.sh >/dev/null; then
  if [ -n "${CI:-}" ]; then
    echo "There is no Chromium, and CI runs all tests. Run: apt-get install chromium" >&2
    exit 1
  fi
  echo "There is no Chromium, so the browser's tests are left out. To run them too: apt-get install chromium"
  exec .venv/bin/python -m pytest -m "not browser" "$@"
fi
exec .venv/bin/python -m pytest "$@"
