#!/bin/sh
# Print the path of the MariaDB server that the tests start; install it where possible. Exit 1 when there is none.
find_server() {
  for name in mariadbd /usr/sbin/mariadbd; do
    command -v "$name" && return
  done
  return 1
}
cd "$(dirname "$0")/.." || exit 1
find_server || { tools/system.sh mariadb-server-core >&2 && find_server; }
