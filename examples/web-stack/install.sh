#!/bin/sh
# Installs what the stack runs on: nginx and redis-server from Debian, and the Python packages into the virtual
# environment that is named as the only argument. What is there already is left as it is.
set -eu
PATH=$PATH:/usr/sbin
environment=$1
here=$(dirname "$0")

missing=
command -v nginx >/dev/null || missing="$missing nginx-light"
command -v redis-server >/dev/null || missing="$missing redis-server"
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "install these first:$missing" >&2
        exit 1
    fi
    apt-get update -qq
    # The run level of maintenance: Debian does not start the services that it installs.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

if ! "$environment/bin/python" -c 'import gunicorn, redis' 2>/dev/null; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$here/app/requirements.txt"
fi
