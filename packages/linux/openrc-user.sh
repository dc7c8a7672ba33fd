#!/bin/sh
# Creates the user of the service. Like the data, it stays when the package is
# removed.
addgroup -S resp-server 2>/dev/null
adduser -S -D -H -h /var/lib/resp-server -s /sbin/nologin -G resp-server -g resp-server resp-server 2>/dev/null
exit 0
