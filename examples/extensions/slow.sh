#!/bin/sh
# A namespace with a method that takes its time, in plain shell: `wait(seconds)` answers when they are over, and holds up
# nobody meanwhile. It understands of JSON what supervisord writes for numbers, which is enough for it.

# The channel becomes stdin and stdout; what is to be logged goes to stderr.
exec <&"$SUPERVISOR_EXT_FD" >&"$SUPERVISOR_EXT_FD"
eval "exec $SUPERVISOR_EXT_FD>&-"
unset SUPERVISOR_EXT_FD

result() { printf '{"jsonrpc": "2.0", "id": %s, "result": %s}\n' "$1" "$2"; }
fault() { printf '{"jsonrpc": "2.0", "id": %s, "error": {"code": %s, "message": "%s"}}\n' "$1" "$2" "$3"; }

methods='{"name": "wait", "help": "Waits so many seconds, and says so.", "signature": ["string", "double"]},
    {"name": "ping", "help": "Answers at once.", "signature": ["string"]}'

while read -r line; do
    method=${line#*'"method":'} id=${line%%'"method":'*}
    method=${method#*\"} method=${method%%\"*}
    # A notification has none before its method.
    case $id in *'"id":'*) id=${id#*'"id":'} id=${id# } id=${id%%,*} ;; *) id= ;; esac
    case $method in
    initialize) result "$id" "{\"methods\": [$(printf '%s' "$methods" | tr -d '\n')]}" ;;
    call)
        # The second `"method":` of the line is that of the call, and the last `"params":` its arguments.
        call=${line#*'"method":'*'"method":'} arguments=${line##*'"params":'}
        call=${call#*\"} call=${call%%\"*}
        arguments=${arguments#*\[} arguments=${arguments%%\]*}
        case $call:$arguments in
        ping:) result "$id" '"pong"' ;;
        wait: | wait:*[!0-9.]*) fault "$id" 2 'INCORRECT_PARAMETERS: wait(seconds)' ;;
        wait:*)
            {
                sleep "$arguments" </dev/null >/dev/null
                result "$id" "\"waited $arguments s\""
            } &
            ;;
        ping:*) fault "$id" 2 'INCORRECT_PARAMETERS: ping()' ;;
        *) fault "$id" 1 UNKNOWN_METHOD ;;
        esac
        ;;
    shutdown)
        # Those that still wait: what they would answer nobody hears.
        kill $(jobs -p) 2>/dev/null
        exit 0
        ;;
    *) [ -z "$id" ] || fault "$id" 1 UNKNOWN_METHOD ;;
    esac
done
