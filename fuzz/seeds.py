#!/usr/bin/env python3
"""Writes inputs to begin with: real requests, as clients of Supervisor send them, and the ways to get them wrong.

    fuzz/seeds.py http FOLDER     for the target http: a byte for the circumstances, then a connection
    fuzz/seeds.py xmlrpc FOLDER   for xmlrpc_read and method_request: the document of a call or an answer
    fuzz/seeds.py extension FOLDER   for extension_wire: a byte for the size of the pieces, then lines
"""
import base64
import datetime
import pathlib
import sys
import xmlrpc.client

NAMES = ["cat", "cat:cat", "mute", "cat:*", "nobody", "", "a:b:c", "é☃"]

CALLS = {
    "supervisor": {
        "addProcessGroup": [("cat",)], "clearAllProcessLogs": [()], "clearLog": [()],
        "clearProcessLog": [("cat",)], "clearProcessLogs": [("mute",)], "getAPIVersion": [()],
        "getAllConfigInfo": [()], "getAllProcessInfo": [()], "getIdentification": [()], "getPID": [()],
        "getProcessInfo": [(name,) for name in NAMES], "getState": [()], "getSupervisorVersion": [()],
        "getVersion": [()], "readLog": [(0, 0), (-7, 0), (3, 9), (-1, 5), (5, -1)], "readMainLog": [(0, 100)],
        "readProcessLog": [("cat", 0, 11)], "readProcessStderrLog": [("cat", 0, 0)],
        "readProcessStdoutLog": [("cat", 9, 3), ("mute", 0, 0)], "reloadConfig": [()],
        "removeProcessGroup": [("cat",)], "restart": [()], "sendProcessStdin": [("cat", "text\n")],
        "sendRemoteCommEvent": [("type", "data"), (1, True), (1.5, ["a", {"b": 1}])], "shutdown": [()],
        "signalAllProcesses": [("HUP",), (1,)], "signalProcess": [("cat", "SIGUSR1"), ("cat:*", 15)],
        "signalProcessGroup": [("cat", "9")], "startAllProcesses": [(), (False,), (0,)],
        "startProcess": [("cat",), ("cat", True), ("cat", 1), ("nobody", False)],
        "startProcessGroup": [("cat", True)], "stopAllProcesses": [()], "stopProcess": [("cat",), (7,)],
        "stopProcessGroup": [("cat",)], "tailProcessLog": [("cat", 0, 5)],
        "tailProcessStderrLog": [("cat", 0, 5)], "tailProcessStdoutLog": [("cat", 10, 5), ("cat", 2**31 - 1, -1)],
    },
    "system": {
        "listMethods": [()], "methodHelp": [("supervisor.startProcess",), ("x",)],
        "methodSignature": [("supervisor.startProcess",)],
        "multicall": [([{"methodName": "supervisor.getPID", "params": []}, {"methodName": "system.multicall"}, {}],),
                      ("no array",)],
    },
    "nobody": {"knows": [(1, "two", 3.0, True)]},
}

ODD_VALUES = [
    "", "bare text", "<i4>7</i4>", "<int> 7 </int>", "<int>99999999999999999999</int>", "<int>x</int>", "<i8>3</i8>",
    "<nil/>", "<boolean>2</boolean>", "<double>1e400</double>", "<double>nan</double>", "<string/>",
    "<string>&lt;&amp;&#65;&#x2603;&quot;</string>", "<string>&#0;&#xD800;</string>", "<string>&unknown;</string>",
    "<string><![CDATA[<a>&amp;]]]]><![CDATA[>]]></string>", "<string><!-- no --><?no?>text</string>",
    "<base64>Y2F0</base64>", "<base64>/w==</base64>", "<base64>!</base64>",
    "<dateTime.iso8601>20260102T03:04:05</dateTime.iso8601>", "<dateTime.iso8601>x</dateTime.iso8601>",
    "<array><data><value/></data></array>", "<array/>", "<struct><member><value>1</value></member></struct>",
    "<struct><member><name>a</name></member></struct>", "<value>a</value>",
    "<array><data><value>" * 40 + "</value></data></array>" * 40,
    "<struct><member><name>n</name><value>" * 40 + "</value></member></struct>" * 40,
]

ENTITIES = """<?xml version="1.0" encoding="latin-1"?>
<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param><value>&b;&c;</value></param></params>
</methodCall>"""


def documents():
    """Documents of calls and of answers."""
    for namespace, methods in CALLS.items():
        for method, all_params in methods.items():
            for params in all_params:
                yield xmlrpc.client.dumps(params, f"{namespace}.{method}").encode()
    for value in ODD_VALUES:
        yield (f"<?xml version='1.0'?><methodCall><methodName>supervisor.getProcessInfo</methodName><params><param>"
               f"<value>{value}</value></param></params></methodCall>").encode()
    moment = xmlrpc.client.DateTime(datetime.datetime(2026, 1, 2))
    yield xmlrpc.client.dumps((moment, b"bytes", {"a": [1, 2.5, None]}), "supervisor.getState", allow_none=True).encode()
    yield xmlrpc.client.dumps(([{"name": "cat", "pid": 7}],), methodresponse=True).encode()
    yield xmlrpc.client.dumps(xmlrpc.client.Fault(10, "BAD_NAME: <x>"), methodresponse=True).encode()
    yield ENTITIES.encode()
    yield b"<methodCall><methodName></methodName></methodCall>"
    yield b"<methodCall/>"
    yield "﻿<?xml version='1.0'?><methodCall><methodName>supervisor.getPID</methodName></methodCall>".encode()
    yield b"<methodCall><methodName>supervisor.getPID</methodName><params><param></methodCall>"
    yield b"\xff\xfe<\0m\0"
    yield b""


def post(body, *fields, line="POST /RPC2 HTTP/1.1"):
    return "\r\n".join([line, *fields, "", ""]).encode() + body


def with_length(body, *fields, **line):
    return post(body, f"Content-Length: {len(body)}", *fields, **line)


def connections():
    """What clients send."""
    for document in documents():
        yield with_length(document, "Host: localhost", "Content-Type: text/xml")
    pid = xmlrpc.client.dumps((), "supervisor.getPID").encode()
    everything = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo").encode()
    plain, half = with_length(pid), len(pid) // 2
    credentials = "Authorization: Basic " + base64.b64encode(b"user:secret").decode()
    yield from [
        plain * 5,
        plain + with_length(everything) + with_length(pid, credentials),
        b"\r\n" + plain, plain + b"\r\n\r\n" + plain,
        with_length(pid, credentials), with_length(pid, "Authorization: Basic !!"), with_length(pid, "Authorization: x"),
        with_length(pid, "Authorization: Basic " + base64.b64encode(b"user:no").decode()) + plain,
        with_length(pid, line="POST /RPC2 HTTP/1.0") + plain,
        with_length(pid, "Connection: keep-alive", line="POST /RPC2 HTTP/1.0") + plain,
        with_length(pid, "Connection: close") + plain,
        with_length(pid, "Expect: 100-continue"), with_length(pid, line="POST /RPC2/more?x=y HTTP/1.1"),
        with_length(pid, line="POST /%52PC2 HTTP/1.1"), with_length(pid, line="POST http://localhost/RPC2 HTTP/1.1"),
        with_length(pid, "Origin: http://evil.example", "Host: evil.example"),
        with_length(pid, "Origin: http://localhost:9001", "Host: localhost:9001", "Sec-Fetch-Site: same-origin"),
        with_length(pid, "Host: evil.example", "Sec-Fetch-Mode: cors"), with_length(pid, "Host: [::1]:9001"),
        post(pid, f"Content-Length:{len(pid)}"), post(pid, f"content-length: {len(pid)}"), post(pid),
        post(pid, "Content-Length: 0"), post(b"", "Content-Length: 0"), post(pid, "Content-Length: 9999999999"),
        post(pid, "Content-Length: 5") + plain, post(pid, f"Content-Length: {len(pid) + 9}"),
        post(pid, "Content-Length: -1"), post(pid, "Content-Length: +9"), post(pid, "Content-Length: 9", "Content-Length: 8"),
        post(pid, f"Content-Length: {len(pid)}", "Transfer-Encoding: chunked"),
        post(b"%x\r\n%s\r\n0\r\n\r\n" % (len(pid), pid), "Transfer-Encoding: chunked") + plain,
        post(b"%x;a=b\r\n%s\r\n%X\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (half, pid[:half], len(pid) - half, pid[half:]),
             "Transfer-Encoding: chunked"),
        post(b"ffffffffffffffffff\r\nx", "Transfer-Encoding: chunked"), post(b"z\r\n", "Transfer-Encoding: chunked"),
        post(b"", "Transfer-Encoding: gzip, chunked"),
        with_length(pid, *[f"X-{number}: {number}" for number in range(120)]), with_length(pid, "X: " + "y" * 3000),
        with_length(pid, "Folded: a", " b"), with_length(pid, "Bad Name: x"), with_length(pid, "No colon"),
        plain[:20], plain[:-5], b"G", b"\0" * 50, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /ok.html HTTP/1.1\r\n\r\n" * 3, b"HEAD /ok.html HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /nothing HTTP/1.1\r\n\r\n" + plain, b"HEAD /nothing HTTP/1.1\r\n\r\n" + plain, b"GET /RPC2 HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n", b"DELETE /x HTTP/1.1\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\n\r\n", b"GET /ok.html\r\n\r\n",
        b"GET /ok.html HTTP/9.9\r\n\r\n", b"GET  /ok.html HTTP/1.1\r\n\r\n", b"GET /ok.html HTTP/1.1\n\n",
        b"GET /logtail/cat HTTP/1.1\r\n\r\n", b"GET /logtail/cat%3Acat/stdout HTTP/1.0\r\n\r\n",
        b"GET /logtail/cat/stderr HTTP/1.1\r\n\r\n", b"GET /logtail/mute HTTP/1.1\r\n\r\n", b"GET /logtail HTTP/1.1\r\n\r\n",
        b"GET /logtail/%00%ff/x HTTP/1.1\r\n\r\n", b"GET /mainlogtail HTTP/1.1\r\n\r\n", b"GET /mainlogtail HTTP/1.0\r\n\r\n",
        b"GET /api/v1/events HTTP/1.1\r\nLast-Event-ID: 4\r\n\r\n", b"GET /api/v1/events?since=0&types=EVENT,TICK_5 HTTP/1.0\r\n\r\n",
        b"GET /api/v1/events?types=NO%53UCH HTTP/1.1\r\n\r\n", b"HEAD /api/v1/events HTTP/1.1\r\n\r\n",
        b"GET /api/v1/event-pools HTTP/1.1\r\n\r\n", b"GET /api/v1/nothing HTTP/1.1\r\n\r\n", b"PUT /api/v1 HTTP/1.1\r\n\r\n",
        b"GET /api/v1/events HTTP/1.1\r\n\r\n",
        b"GET /api/v1/events?types=PROCESS_STATE,TICK_5&after=7 HTTP/1.0\r\n\r\n",
        b"GET /api/v1/events HTTP/1.1\r\nLast-Event-ID: 3\r\nAccept: text/event-stream\r\n\r\n",
        b"GET /api/v1/event-pools HTTP/1.1\r\n\r\n" * 2,
        b"POST /api/v1/events HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
        b"GET /api/v1 HTTP/1.1\r\nOrigin: http://evil.example\r\n\r\n",
        b"POST /mainlogtail HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"GET /..%2f..%2fetc/passwd HTTP/1.1\r\n\r\n",
    ]


ODD_LINES = [
    b"", b"{}", b"[]", b"null", b"{", b"\xff\xfe{}", b'{"id": 1}', b'{"id": 1.5, "result": 1}', b'{"id": null, "result": 1}',
    b'{"id": 1, "result": 1, "error": {"code": 1, "message": ""}}', b'{"id": 1, "error": {"code": 99999999999, "message": ""}}',
    b'{"jsonrpc": "1.0", "id": 1, "result": 1}', b'{"id": 1, "id": 2, "result": {"a": 1, "a": 2}}',
    b'{"id": 1, "result": {"$b64": "AP8="}}', b'{"id": 1, "result": {"$b64": "!"}}', b'{"id": 1, "result": {"$b64": 5, "a": 1}}',
    b'{"id": 1, "result": {"$when": "20240229T12:30:01"}}', b'{"id": 1, "result": {"$when": "never"}}',
    b'{"id": 1, "result": [1e400, -0.0, 9223372036854775807, 9223372036854775808, 1E5, true, null, "\\ud800", "\\u0000"]}',
    b'{"id": 1, "result": ' + b"[" * 40 + b"]" * 40 + b"}", b'{"method": "x", "params": 5}', b'{"method": 5}',
    b'{"id": "' + b"a" * 65 + b'", "method": "x"}', b'{"id": 1, "result": {"methods": [{"name": "_x"}], "protocol": 2}}',
    b'{"id": 1, "result": {"methods": [{"name": "x", "signature": []}], "events": ["TICK_5", 1]}}',
]


def conversations():
    """The transcript of docs/extensions.md, whole and line by line, and lines that are none."""
    page = (pathlib.Path(__file__).parent.parent / "docs" / "extensions.md").read_bytes()
    said = [line[2:].strip().encode() for line in page.decode().splitlines() if line[:2] in ("→ ", "← ") and "{" in line]
    for size in (0, 7, 255):
        yield bytes([size]) + b"\n".join(said) + b"\n"
        yield bytes([size]) + b"\r\n".join(ODD_LINES) + b"\r\n"
    for line in said + ODD_LINES:
        yield b"\xff" + line + b"\n"


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("http", "xmlrpc", "extension"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "xmlrpc":
        inputs = list(documents())
    elif sys.argv[1] == "extension":
        inputs = list(conversations())
    else:
        usual = [b"@" + connection for connection in connections()]
        # Each circumstance with a few of them; see Circumstances in control/fuzzing.rs.
        odd = [bytes([0x40 ^ (1 << bit)]) + connection[1:] for bit in range(8) for connection in usual[bit::8]]
        inputs = usual + odd
    for number, content in enumerate(inputs):
        (folder / f"{number:04}").write_bytes(content)


if __name__ == "__main__":
    main()
