"""The `result_handler` of one [eventlistener:x]."""
from __future__ import annotations

import sys
from typing import Optional

from supervisor_plugin_host.factory import refusal, resolve
from supervisor_plugin_host.library import Library, make_event
from supervisor_plugin_host.values import UNKNOWN_METHOD, Json, Refused, decode
from supervisor_plugin_host.wire import Wire


class ResultHandler:
    """Judges what a listener says of an event."""

    def __init__(self, wire: Wire, library: Library, spec: str) -> None:
        self._wire, self._library = wire, library
        self._handler = resolve(spec)

    def describe(self) -> Json:
        return {"protocol": 1, "methods": []}

    def ask_deferred(self) -> Optional[float]:
        return None

    def handle(self, message: Json) -> None:
        number, params = message.get("id"), message.get("params") or {}
        if message["method"] == "result":
            try:
                self._wire.answer(number, self._judge(params))
            except Exception as error:
                self._wire.refuse(number, refusal(error))
        elif number is not None:
            self._wire.refuse(number, Refused(UNKNOWN_METHOD, "UNKNOWN_METHOD"))

    def _judge(self, params: Json) -> Json:
        """`event`: as in a notification `event`; `response`: what the listener has said."""
        response = decode(params["response"], bytes, str)
        event = make_event(self._wire, self._library.events, params["event"])
        try:
            self._handler(event, response.encode("utf-8") if isinstance(response, str) else response)
        except Exception as error:
            if type(error).__name__ != "RejectEvent":
                raise
            return {"accepted": False}
        finally:
            sys.stdout.flush()
        return {"accepted": True}
