#!/bin/sh
# Everything that can be proven without running the portal. All parts run; the exit code says whether one failed.
set -u
cd "$(dirname "$0")/.." || exit 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=''

# run NAME COMMAND: its output and its end lie in the scratch folder.
run() {
  name=$1
  shift
  "$@" >"$scratch/$name" 2>&1
  echo $? >"$scratch/$name.code"
}

told() {
  if [ "$(cat "$scratch/$1.code")" = 0 ]; then
    printf 'ok      %s\n' "$2"
  else
    printf 'FAILED  %s\n' "$2"
    cat "$scratch/$1"
    failed="$failed, $2"
  fi
}

part() {
  title=$1
  shift
  run part "$@"
  told part "$title"
}

bin=.venv/bin

# As in production: https, keys, a database of its own, and nothing of the demo or of the caller's shell.
unset DSR_DATABASE_URL DSR_BROKER_URL DSR_KEYS DSR_CONTROLLERS
export DSR_DEMO=0 DSR_BASE_URL=https://rights.example.com DSR_HOSTS=rights.example.com DSR_TRUSTED_HOPS=1
export DSR_VAR="$scratch/var"
mkdir "$DSR_VAR"
DSR_SECRET_KEY=$($bin/python -c 'import secrets; print(secrets.token_urlsafe(60))')
export DSR_SECRET_KEY

deploy_settings() {
  $bin/python -c 'import os, pathlib; from dsr.sealing import keyring; keyring.make(pathlib.Path(os.environ["DSR_VAR"]) / "keys")' &&
    $bin/python manage.py migrate --verbosity 0 --no-input &&
    $bin/python manage.py check --deploy --fail-level WARNING --database default
}

run types $bin/mypy --no-error-summary &  # the longest has a core to itself
types=$!
part formatting $bin/ruff format --quiet --check .
part lint $bin/ruff check --quiet .
part 'what bandit finds' $bin/bandit --quiet --configfile pyproject.toml --recursive accounts controllers dsr tools
part 'import contracts' $bin/lint-imports
part migrations $bin/python manage.py makemigrations --check --dry-run
part 'deploy settings' deploy_settings
wait $types
told types types
if [ -z "${TESTS_FOLLOW:-}" ]; then # else they are among the tests
  part translations $bin/python -m pytest -q tests/test_translations.py
  part 'house and docs' $bin/python -m pytest -q tests/test_house.py tests/test_docs.py
fi

[ -z "$failed" ] || { echo "Failed: ${failed#, }"; exit 1; }
