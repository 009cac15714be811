"""XML-RPC and HTTP as clients in the wild speak them: odd values, odd requests, the same answers."""
CAT = """
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={dir}/cat.log
[inet_http_server]
port=127.0.0.1:{port}
"""


def post(d, body, head="", label=None, version="1.1", path="/RPC2", **options):
    text = body.encode() if isinstance(body, str) else body
    request = (f"POST {path} HTTP/{version}\r\nHost: localhost\r\nContent-Type: text/xml\r\nConnection: close\r\n{head}"
               f"Content-Length: {len(text)}\r\n\r\n").encode() + text
    answer = d.raw(request, note=False, **options).decode("utf-8", "replace")
    head, _, body = answer.partition("\r\n\r\n")
    d.note(label or text[:200].decode("utf-8", "replace"), [head.split("\r\n")[0], body])


def call(method, *values):
    params = "".join(f"<param><value>{value}</value></param>" for value in values)
    return f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>"


@scenario(conf=CAT)
def values_of_all_types(d):
    d.start()
    d.wait_state("cat", "RUNNING")
    # Where a name has another type, 4.3.0 answers with HTTP 500.
    for value in ("<string>cat</string>", "cat", "<string></string>", "", "<string>c&#97;t</string>", "<string>nosuch</string>"):
        post(d, call("supervisor.readProcessStdoutLog", value, "<int>0</int>", "<i4>0</i4>"))
        post(d, call("supervisor.clearProcessLogs", value))
    for value in ("<i4>0</i4>", "<int>0</int>", "<boolean>0</boolean>", "<double>0.0</double>"):
        post(d, call("supervisor.tailProcessStdoutLog", "<string>cat</string>", value, value))


@scenario(conf=CAT)
def too_few_and_too_many(d):
    d.start()
    d.wait_state("cat", "RUNNING")
    cat = "<string>cat</string>"
    for method in ("getState", "getAPIVersion", "getIdentification", "getVersion", "getProcessInfo",
                   "startProcess", "stopProcess", "signalProcess", "sendProcessStdin", "sendRemoteCommEvent",
                   "readProcessStdoutLog", "tailProcessStdoutLog", "addProcessGroup", "removeProcessGroup", "clearProcessLogs",
                   "startProcessGroup", "stopProcessGroup", "startAllProcesses", "signalAllProcesses", "readLog", "nosuch", "__init__",
                   "_update", "supervisord", "logger.info"):
        for count in (0, 4):
            post(d, call(f"supervisor.{method}", *[cat] * count), label=f"{method} with {count}")
    for method in ("getState", "supervisor", "supervisor.", ".getState", "", "a.b.c", "system.getState", "SUPERVISOR.getState",
                   "supervisor.getstate", "system.multicall", "system.methodHelp", "system.methodSignature", "system.listMethods"):
        post(d, call(method), label=f"method {method!r}")


@scenario(conf=CAT)
def documents(d):
    d.start()
    for body in (" ", "x", "<", "<methodCall>", "<methodCall/>", "<methodCall></methodCall>", "<methodResponse/>",
                 "<methodCall><methodName>supervisor.getState</methodName></methodCall>",
                 "<methodCall><methodName> supervisor.getState </methodName></methodCall>",
                 "<methodCall><params/><methodName>supervisor.getState</methodName></methodCall>",
                 "\ufeff" + call("supervisor.getState"), "\n" + call("supervisor.getState")[21:],
                 "<!-- c -->" + call("supervisor.getState")[21:], call("supervisor.getState") + "\n\n",
                 call("supervisor.getState").replace("'1.0'", "'1.0' encoding='utf-8'"),
                 call("supervisor.getState") + "trailing"):
        post(d, body, label=f"body {body!r}")


@scenario(conf=CAT)
def multicalls(d):
    d.start()
    d.wait_state("cat", "RUNNING")
    d.call("system.multicall", [])
    d.call("system.multicall", [{"methodName": "supervisor.getState", "params": []},
                                {"methodName": "supervisor.getState"},
                                {"methodName": "supervisor.nosuch", "params": []},
                                {"methodName": "supervisor.getProcessInfo", "params": ["nosuch"]},
                                {"methodName": "system.multicall", "params": [[]]},
                                {"methodName": "system.listMethods", "params": []},
                                {"params": []},
                                {"methodName": "supervisor.stopProcess", "params": ["cat"]},
                                {"methodName": "supervisor.startProcess", "params": ["cat"]},
                                {"methodName": "supervisor.startProcess", "params": ["cat"]},
                                {"methodName": "supervisor.getState", "params": [1, 2]}])
    d.call("system.multicall", [{"methodName": "supervisor.getPID", "params": ["x"]}])


@scenario(conf=CAT)
def stdin_and_events(d):
    d.start()
    d.wait_state("cat", "RUNNING")
    for chars in ("plain\n", "é€𝄞\n", "", "\t\r\n", "a" * 100000 + "\n"):
        d.call("supervisor.sendProcessStdin", "cat", chars, label=f"send {len(chars)} {chars[:5]!r}")
    d.until(lambda: (d.text("cat.log") or "").endswith("a\n"))
    d.note("log", [len(line) for line in (d.dir / "cat.log").read_bytes().split(b"\n")])
    for name in ("nosuch", "cat:nosuch", "cat:*", ""):
        d.call("supervisor.sendProcessStdin", name, "x")
    d.call("supervisor.sendProcessStdin", "cat", 5)
    d.call("supervisor.sendRemoteCommEvent", "type", "data")
    d.call("supervisor.sendRemoteCommEvent", "", "")
    d.call("supervisor.sendRemoteCommEvent", 1, 2)


@scenario(conf=CAT)
def requests(d):
    d.start()
    body = call("supervisor.getState")
    post(d, body, version="1.0", label="1.0")
    post(d, body, head="X-Long: " + "y" * 5000 + "\r\n", label="a long header")
    post(d, body, path="/RPC2/", label="slash")
    post(d, body, path="/RPC2?x=1", label="query")
    post(d, body, path="/rpc2", label="lower case")
    post(d, body, path="//RPC2", label="two slashes")
    post(d, body, path="/RPC2x", label="more letters")
    post(d, body, tcp=True, label="tcp")
    for line in ("GET /RPC2 HTTP/1.0", "PUT /RPC2 HTTP/1.0", "DELETE / HTTP/1.0", "OPTIONS * HTTP/1.0", "GET /nosuch HTTP/1.0",
                 "GET /logtail/nosuch HTTP/1.0", "GET /logtail/cat/nosuch HTTP/1.0"):
        answer = d.raw(f"{line}\r\n\r\n".encode(), note=False).decode("utf-8", "replace")
        d.note(line, answer.split("\r\n")[0])
