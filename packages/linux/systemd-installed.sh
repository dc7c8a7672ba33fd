#!/bin/sh
# The service is not started: another server may have the port. A service that runs gets the new binary.
set -e
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
systemctl try-restart resp-server.service
