#!/usr/bin/env python3
"""An extension for tests. It knows the wire and nothing of any library, so that what a library and supervisord share by
mistake is seen. Its methods do what their names say; `ask` passes a request on to supervisord."""
import heapq, json, os, select, signal, socket, sys, time

wire = socket.socket(fileno=int(os.environ["SUPERVISOR_EXT_FD"]))
METHODS = {"echo": ["array", "array"], "slow": ["string", "double", "string"], "fault": None, "pid": ["int"],
           "told": ["struct"], "ask": None, "events": None, "die": None, "never": None, "cancelled": ["array"],
           "bytes": None, "many": None, "say": None, "null": None, "hold": None, "release": None, "variables": ["struct"]}
told, due, questions, sums, events, cancelled, held = {}, [], {}, {}, [], [], []
OWN_EVENTS = [name for name in os.environ.get("OWN_EVENTS", "").split(",") if name]


def send(**message):
    wire.sendall((json.dumps({"jsonrpc": "2.0", **message}) + "\n").encode())


def without_null(value):
    if isinstance(value, dict):
        return {name: without_null(member) for name, member in value.items() if member is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def release(*_):
    for one in reversed(held):
        send(id=one, result=one)
    held.clear()


signal.signal(signal.SIGUSR1, release)


def call(id, method, params):
    if method == "echo":
        return send(id=id, result=params)
    if method == "slow":
        return heapq.heappush(due, (time.monotonic() + params[0], id, params[1]))
    if method == "fault":
        return send(id=id, error={"code": params[0], "message": params[1]})
    if method == "ask":
        question = "q%d" % id
        questions[question] = id
        return send(id=question, method=params[0], params=params[1])
    if method == "many":
        count, name, arguments = params
        sums[id] = {"left": count, "results": 0, "faults": 0}
        for number in range(count):
            question = "m%d.%d" % (id, number)
            questions[question] = id
            send(id=question, method="sup.call", params={"method": name, "params": arguments})
        return None
    if method == "hold":
        held.append(id)
        return print("held %d" % len(held), flush=True)
    if method == "release":
        release()
        return send(id=id, result=True)
    if method == "say":
        print(params[0], flush=True)
        return send(id=id, result=True)
    if method == "die":
        os._exit(3)
    if method == "never":
        return None
    simple = {"pid": os.getpid(), "told": without_null(told), "events": without_null(list(events)), "null": None, "bytes": {"$b64": "AP8="},
              "cancelled": list(cancelled), "variables": dict(os.environ)}
    if method == "events":
        events.clear()
    send(id=id, result=simple[method])


def take(message):
    id, method, params = message.get("id"), message.get("method"), message.get("params")
    if method == "initialize":
        told.update(params)
        listed = [{"name": name, "help": "Does what %s says." % name if name != "say" else None, "signature": signature}
                  for name, signature in METHODS.items()]
        send(id=id, result={"methods": listed, "events": OWN_EVENTS})
    elif method == "call":
        call(id, params["method"], params["params"])
    elif method == "cancel":
        cancelled.append(params["id"])
        send(id=params["id"], error={"code": 30, "message": "FAILED: cancelled"})
    elif method in ("event", "lost"):
        events.append({"kind": method, **params})
    elif method == "shutdown":
        print("told to stop", flush=True)
        sys.exit(0)
    elif method is None:
        answer = {key: message[key] for key in ("result", "error") if key in message}
        asker = questions.pop(id)
        if asker not in sums:
            return send(id=asker, **answer)
        tally = sums[asker]
        tally["left"] -= 1
        tally["results" if "result" in answer else "faults"] += 1
        if tally["left"] == 0:
            send(id=asker, result=sums.pop(asker))


buffer = b""
while True:
    wait = max(0, due[0][0] - time.monotonic()) if due else None
    readable = select.select([wire], [], [], wait)[0]
    while due and due[0][0] <= time.monotonic():
        _, id, value = heapq.heappop(due)
        send(id=id, result=value)
    if readable:
        piece = wire.recv(65536)
        if not piece:
            sys.exit(0)
        buffer += piece
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            take(json.loads(line))
