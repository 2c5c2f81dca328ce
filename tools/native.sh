#!/bin/sh
# See that the libraries and fonts the PDF needs are there; install them, or say in one line what to run.
set -eu
cd "$(dirname "$0")/.."

missing() { .venv/bin/python tools/native.py "$1"; }

# Package names hold no spaces: splitting the list is meant.
# shellcheck disable=SC2046
for what in libraries fonts; do
  list=$(missing "$what")
  [ -z "$list" ] && continue
  tools/system.sh $list && [ -z "$(missing "$what")" ] && continue
  if [ "$what" = libraries ]; then
    echo "The PDF needs libraries that are missing. Run: apt-get install $list" >&2
    exit 1
  fi
  echo "Some letters will show as boxes in PDFs. To change that, run: apt-get install $list"
done
