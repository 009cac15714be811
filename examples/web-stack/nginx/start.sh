#!/bin/sh
# Fills the ports into nginx's configuration and becomes nginx.
set -eu
PATH=$PATH:/usr/sbin
here=$(dirname "$0")
sed -e "s|@STACK_DIR@|$STACK_DIR|g" -e "s|@WEB_PORT@|$WEB_PORT|g" -e "s|@APP_PORT@|$APP_PORT|g" \
    "$here/nginx.conf.template" > "$STACK_DIR/nginx.conf"
exec nginx -p "$STACK_DIR" -c "$STACK_DIR/nginx.conf" -e stderr
