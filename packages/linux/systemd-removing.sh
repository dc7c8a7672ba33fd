#!/bin/sh
# $1 is "remove" or "upgrade" for deb; for rpm, how many versions stay.
set -e
[ -d /run/systemd/system ] || exit 0
case "$1" in
remove | 0) systemctl disable --now resp-server.service ;;
esac
