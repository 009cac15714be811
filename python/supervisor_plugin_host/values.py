"""Values of XML-RPC as JSON, and refusals (docs/extensions.md, «Values» and «Faults»)."""
from __future__ import annotations

import base64
import datetime
import xmlrpc.client
from typing import Any, Callable, Dict, List

Json = Dict[str, Any]

# Codes of faults: those that this file needs of Supervisor's.
UNKNOWN_METHOD, INCORRECT_PARAMETERS, BAD_ARGUMENTS, SHUTDOWN_STATE, NO_FILE, FAILED = 1, 2, 3, 6, 20, 30

# Values in a value, and how deep inside each other (docs/extensions.md, «Bounds»), with room for the message around.
MAX_VALUES, MAX_DEPTH = 65_000, 28


class Refused(Exception):
    """A request has been answered, or is to be answered, with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def encode(value: Any) -> Any:
    """A value of XML-RPC as JSON. Raises a TypeError or ValueError for what cannot be sent."""
    left = [MAX_VALUES]
    return _encode(value, MAX_DEPTH, left)


def _encode(value: Any, depth: int, left: List[int]) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth < 0:
        raise ValueError("it holds too many values, or too deep inside each other")
    if value is None or isinstance(value, (bool, float)):
        if isinstance(value, float) and not abs(value) < float("inf"):
            raise TypeError("%r is no number that could be sent" % value)
        return value
    if isinstance(value, int):
        if not -2**63 <= value < 2**63:
            raise ValueError("%d needs more than 64 bits" % value)
        return int(value)
    if isinstance(value, str):
        return text_to_send(value)
    if isinstance(value, (bytes, bytearray)):
        return {"$b64": base64.b64encode(value).decode()}
    if isinstance(value, xmlrpc.client.Binary):
        return {"$b64": base64.b64encode(value.data).decode()}
    if isinstance(value, datetime.datetime):
        return {"$when": value.strftime("%Y%m%dT%H:%M:%S")}
    if isinstance(value, xmlrpc.client.DateTime):
        return {"$when": value.value}
    if isinstance(value, dict):
        return {text_to_send(str(key)): _encode(item, depth - 1, left) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encode(item, depth - 1, left) for item in value]
    raise TypeError("a value of %s cannot be sent" % type(value))


def text_to_send(text: str) -> str:
    """JSON has no half characters, which Python has for bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


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
