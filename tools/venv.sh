#!/bin/sh
# Make .venv hold what a hashed lock names, and compile the translations: tools/venv.sh run|dev
# Costs nothing when that is already so; a virtual environment whose Python went away is made anew.
set -eu
cd "$(dirname "$0")/.."

want=$1
python=${PYTHON:-python3}
stamp=.venv/.stamp

say() { printf '%s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }
modern() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Translations are text in the tree; programs read their compiled form, which is not.
compiled() {
  for catalog in locale/*/LC_MESSAGES/django.po; do
    [ "${catalog%.po}.mo" -nt "$catalog" ] || { .venv/bin/python tools/messages.py compile && return; }
  done
}

lock_of() { if [ "$1" = dev ]; then echo requirements-dev.lock; else echo requirements.lock; fi; }
sum_of() { sha256sum "$(lock_of "$1")" | cut -d' ' -f1; }

# The development lock holds the run-time one, so what has once been made for development stays so.
have=$(cut -d' ' -f1 "$stamp" 2>/dev/null || true)
[ "$have" = dev ] && want=dev
if modern .venv/bin/python && [ "$(cat "$stamp" 2>/dev/null)" = "$want $(sum_of "$want")" ]; then compiled; exit 0; fi

command -v "$python" >/dev/null 2>&1 || fail "Python is missing. Run: apt-get install python3 python3-venv"
modern "$python" || fail "Python 3.11 or newer is needed, and '$python' is $("$python" -V 2>&1). Name another: make PYTHON=python3.12 …"

lock=$(lock_of "$want")
rm -f "$stamp"

with_uv() {
  command -v uv >/dev/null 2>&1 || return 1
  say "Installing with uv from $lock …"
  modern .venv/bin/python || uv venv --quiet --clear --python "$python" .venv || return 1
  uv pip sync --quiet --require-hashes --only-binary :all: --compile-bytecode --python .venv/bin/python "$lock"
}

ensure_venv_module() {
  "$python" -c 'import ensurepip, venv' 2>/dev/null && return
  tools/system.sh python3-venv || fail "Python cannot make virtual environments here. Run: apt-get install python3-venv"
}

with_pip() {
  ensure_venv_module
  if ! modern .venv/bin/python || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    rm -rf .venv
    "$python" -m venv .venv
  fi
  say "Installing with pip from $lock (the first time about a minute) …"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --only-binary :all: \
    --require-hashes --no-compile -r "$lock" && bytecode
}

# Pip compiles with one core what all of them do here. A module that cannot be compiled says so to who imports it.
bytecode() {
  packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  .venv/bin/python -m compileall -qq -j 0 "$packages" || say "Not every module could be compiled in advance."
}

if ! with_uv; then
  command -v uv >/dev/null 2>&1 && say "uv could not do it; trying pip."
  with_pip || fail "The packages could not be installed; the lines above say why. Run the same command again to go on."
fi
.venv/bin/python -c 'import django' || fail "The packages are installed, but Django cannot be imported from .venv."
printf '%s %s\n' "$want" "$(sum_of "$want")" >"$stamp"
compiled
