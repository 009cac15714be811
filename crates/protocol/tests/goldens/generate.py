#!/usr/bin/env python3
"""Write the golden documents beside this file: what Python's xmlrpc.client.dumps makes of the values below.

Run once with Python 3.11 and stored; tests/xmlrpc.rs builds the same values.
"""
import datetime
import pathlib
from xmlrpc.client import Binary, DateTime, Fault, dumps

HERE = pathlib.Path(__file__).resolve().parent

RESPONSES = {
    "int": 42,
    "int_limits": [2147483647, -2147483648, 0, -1],
    "true": True,
    "false": False,
    "string": "plain",
    "empty_string": "",
    "escapes": "a<b>c & \"d\" 'e' ]]> \t\r\n é € \U0001f600",
    "doubles": [0.0, -0.0, 1.0, 1.5, -2.25, 0.1, 1e16, 1e15, 123456789012345680.0, 1e-4, 1e-5, 1.5e300, 5e-324,
                float("inf"), float("-inf"), float("nan")],
    "date": DateTime("20261122T08:11:09"),
    "base64": [Binary(b""), Binary(b"abc"), Binary(bytes(range(256)))],
    "nil": [None],
    "empty_array": [],
    "empty_struct": {},
    "nested": [[["a", ["b"], ["c", "d"]]], {"x": {"y": [1, {"z": False}]}}],
    "state": {"statecode": 1, "statename": "RUNNING"},
    "member_names": {"a<b": 1, "c&d": 2, "": 3},
}

CALLS = {
    "call_without_parameters": ("supervisor.getState", ()),
    "call": ("supervisor.startProcess", ("web:cat", True, 3, -1.5, ["x"], {"k": "v"})),
}


def write(name, text):
    (HERE / f"{name}.xml").write_text(text, encoding="utf-8", newline="")


for name, value in RESPONSES.items():
    write(name, dumps((value,), methodresponse=True, allow_none=True))
for name, (method, params) in CALLS.items():
    write(name, dumps(params, method))
write("fault", dumps(Fault(10, "BAD_NAME: a<b & c")))
