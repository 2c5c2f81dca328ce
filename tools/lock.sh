#!/bin/sh
# Make both locks anew from the ranges in pyproject.toml. `make lock ARGS=--upgrade` takes the newest releases.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null 2>&1 || { echo "uv is needed to make the locks." >&2; exit 1; }

lock() {
  out=$1
  shift
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-annotate "$@" pyproject.toml -o "$out"
}
lock requirements.lock "$@"
lock requirements-dev.lock --extra dev -c requirements.lock "$@"
