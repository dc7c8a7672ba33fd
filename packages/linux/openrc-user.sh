#!/bin/sh
# The user of the service. It stays when the package is removed, as the data do.
addgroup -S resp-server 2>/dev/null
adduser -S -D -H -h /var/lib/resp-server -s /sbin/nologin -G resp-server -g resp-server resp-server 2>/dev/null
exit 0
