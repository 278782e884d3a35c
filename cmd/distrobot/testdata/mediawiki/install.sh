#!/bin/sh
# Makes the tables of a new wiki. MediaWiki's installer writes settings of its
# own and refuses to run beside others, so it is led past them; secrets go by
# files that nobody else can read.
set -eu
umask 077
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
printf %s "$SITE_DB_PASSWORD" >"$tmp/password"
MW_CONFIG_FILE="$tmp/none.php" php -d error_reporting=22527 maintenance/install.php --confpath="$tmp" \
	--dbtype=mysql --dbserver="$SITE_DB_SERVER" --dbname="$SITE_DB_NAME" --dbuser="$SITE_DB_USER" --dbpassfile="$tmp/password" \
	--server="$SITE_URL" --scriptpath= --passfile=distrobot/password.txt "Wiki of $SITE_URI" Root
