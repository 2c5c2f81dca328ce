#!/bin/sh
# Install Debian packages where the machine allows it (apt, as root), without a question: tools/system.sh PACKAGE…
# Exit 1 and silence where it does not: the caller says what to run.
set -eu
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || exit 1
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT

install() { apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends "$@" </dev/null >"$log" 2>&1; }

printf 'Installing %s with apt …\n' "$*"
install "$@" && exit 0
# The package lists may be missing or old: fetch them once.
apt-get update -q </dev/null >"$log" 2>&1 && install "$@" && exit 0
tail -n 3 "$log" >&2
exit 1
