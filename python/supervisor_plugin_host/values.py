"""Values of XML-RPC as JSON, and refusals (docs/extensions.md, «Values» and «Faults»)."""
from __future__ import annotations

import base64
import datetime
import xmlrpc.client
from typing import Any, Callable, Dict, Optional

Json = Dict[str, Any]

# Codes of faults: those that this file needs of Supervisor's.
UNKNOWN_METHOD, INCORRECT_PARAMETERS, BAD_ARGUMENTS, SHUTDOWN_STATE, BAD_NAME, FAILED = 1, 2, 3, 6, 10, 30


class Refused(Exception):
    """A request has been answered, or is to be answered, with an error."""

    def __init__(self, code: int, message: str, data: Optional[Json] = None) -> None:
        super().__init__(message)
        self.code, self.text, self.data = code, message, data or {}


def encode(value: Any) -> Any:
    """A value of XML-RPC as JSON."""
    if value is None or isinstance(value, (bool, float)):
        if isinstance(value, float) and not abs(value) < float("inf"):
            raise TypeError("%r is no number that could be sent" % value)
        return value
    if isinstance(value, int):
        if not -2**63 <= value < 2**63:
            raise OverflowError("%d needs more than 64 bits" % value)
        return int(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, (bytes, bytearray)):
        return {"$b64": base64.b64encode(value).decode()}
    if isinstance(value, xmlrpc.client.Binary):
        return {"$b64": base64.b64encode(value.data).decode()}
    if isinstance(value, datetime.datetime):
        return {"$when": value.strftime("%Y%m%dT%H:%M:%S")}
    if isinstance(value, xmlrpc.client.DateTime):
        return {"$when": value.value}
    if isinstance(value, dict):
        return {encode(key if isinstance(key, str) else str(key)): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    raise TypeError("a value of %s cannot be sent" % type(value))


def decode(value: Any, binary: Callable[[bytes], Any], date: Callable[[str], Any]) -> Any:
    """The other way; `binary` and `date` make what Python has for base64 and dateTime."""
    if isinstance(value, dict):
        if len(value) == 1 and "$b64" in value:
            return binary(base64.b64decode(value["$b64"]))
        if len(value) == 1 and "$when" in value:
            return date(value["$when"])
        return {key: decode(item, binary, date) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item, binary, date) for item in value]
    return value


def text_if_possible(data: bytes) -> Any:
    """What Supervisor makes of base64 in the arguments of a method."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def date_and_time(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y%m%dT%H:%M:%S")
