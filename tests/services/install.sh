#!/bin/sh
# Installs what the tests' servers need and this machine lacks, on Debian and as root. Elsewhere it leaves the machine
# alone, and the tests say themselves what is missing. Arguments name further programs, which have the names of their
# packages.
set -eu

debian=$(. /etc/os-release 2>/dev/null && echo "${ID:-}") || debian=
[ "$debian" = debian ] && [ "$(id -u)" = 0 ] || exit 0

has() { command -v "$1" >/dev/null 2>&1; }

packages=
[ -n "${TEST_POSTGRESQL_URL:-}" ] || has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
    packages="$packages postgresql"
[ -n "${TEST_REDIS_URL:-}" ] || has redis-server || packages="$packages redis-server"
[ -n "${TEST_CHROMIUM:-}" ] || has chromium || has google-chrome || packages="$packages chromium"
[ -x "${JAVA_HOME:-/nowhere}/bin/javac" ] || has javac || packages="$packages default-jdk-headless"
has mvn || packages="$packages maven"
for program in "$@"; do
    has "$program" || packages="$packages $program"
done
[ -n "$packages" ] || exit 0

echo "Installing for the tests:$packages"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086 # one word a package
if ! { apt-get update && apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 $packages; } >"$log" 2>&1 </dev/null
then
    cat "$log"
    exit 1
fi
rm "$log"
