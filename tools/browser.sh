#!/bin/sh
# Print the path of the Chromium that the tests drive; install it where possible. Exit 1 when there is none.
find_browser() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return
  done
  return 1
}
cd "$(dirname "$0")/.." || exit 1
find_browser || { tools/system.sh chromium >&2 && find_browser; }
