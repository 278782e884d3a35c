#!/bin/sh
# Installs what the tests need from Debian packages when root or sudo is at
# hand; otherwise names exactly what is missing and fails. Nothing is skipped
# in silence.
set -eu

# command that must exist : Debian package that holds it
needed="git:git gcc:gcc redis-server:redis-server chromium:chromium
	mariadbd:mariadb-server mariadb-dump:mariadb-client nginx:nginx
	git-lfs:git-lfs sshd:openssh-server ssh:openssh-client
	composer:composer php:php-cli unzip:unzip patch:patch xz:xz-utils
	jq:jq rsync:rsync curl:curl node:nodejs npm:npm prometheus:prometheus"
# extension of PHP, as php -m has it : Debian package that holds it. Composer
# reads repositories of archives by zip, the CMSs need the others.
extensions="zip:php-zip mysqli:php-mysql gd:php-gd dom:php-xml mbstring:php-mbstring
	curl:php-curl intl:php-intl pdo_sqlite:php-sqlite3"

# Servers live where only root's PATH leads.
PATH="$PATH:/usr/sbin"
missing=""
for pair in $needed; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
loaded=$(php -m 2>/dev/null || true)
for pair in $extensions; do
	printf '%s\n' "$loaded" | grep -qx "${pair%%:*}" || missing="$missing ${pair##*:}"
done
# Its program has the version in its name: php-fpm8.2.
ls /usr/sbin/php-fpm* >/dev/null 2>&1 || command -v php-fpm >/dev/null 2>&1 || missing="$missing php-fpm"
# The C library's headers, for the race detector.
[ -e /usr/include/stdlib.h ] || [ "$(uname -s)" != Linux ] || missing="$missing libc6-dev"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	sudo=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	sudo="sudo"
else
	echo "The tests need these packages, and neither root nor sudo is at hand:$missing" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "The tests need these programs, please install them:$missing" >&2
	exit 1
fi

echo "installing for the tests:$missing"
# Services must not start by themselves: each test starts its own, privately.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
	$sudo chmod 755 $policy
	trap '$sudo rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
# Another installation may be under way on the machine; wait for its lock.
$sudo apt-get -o DPkg::Lock::Timeout=300 -qq update
$sudo apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends $missing >/dev/null
