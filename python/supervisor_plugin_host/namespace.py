"""One [rpcinterface:x]: the methods of what its factory has made."""
from __future__ import annotations

import importlib
import inspect
import re
import time
import traceback
import types
from typing import Any, Callable, Dict, List, Optional

from supervisor_plugin_host.facade import Supervisord
from supervisor_plugin_host.factory import make, refusal
from supervisor_plugin_host.library import Library
from supervisor_plugin_host.values import (
    FAILED, INCORRECT_PARAMETERS, UNKNOWN_METHOD, Json, Refused, date_and_time, decode, text_if_possible,
    text_to_send,
)
from supervisor_plugin_host.wire import Wire

# Bounds of docs/extensions.md.
MAX_HELP = 64 * 1024
MAX_METHODS = 1024


class Deferred:
    """A call that is answered by a function that has to be asked again and again."""

    def __init__(self, number: Any, function: Any) -> None:
        self.number, self.function = number, function
        delay = getattr(function, "delay", None)
        if not isinstance(delay, (int, float)):
            raise Refused(FAILED, "FAILED: the function that is to answer later has no delay")
        self.delay, self.due = float(delay), time.monotonic()


class Namespace:
    """Serves the methods of what a factory has made, one after the other, as supervisord did."""

    def __init__(self, wire: Wire, library: Library, spec: str, config: Json) -> None:
        self._wire, self._library = wire, library
        self._interface = make(spec, Supervisord(wire), config)
        self._deferred: List[Deferred] = []
        self._methods: Dict[str, Any] = {}
        for name in dir(self._interface):
            method = getattr(self._interface, name, None)
            if inspect.ismethod(method) and re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,63}", name):
                self._methods[name] = method

    def describe(self) -> Json:
        methods = [{"name": name, "help": text_to_send(method.__doc__[:MAX_HELP // 4]) if method.__doc__ else None,
                    "signature": signature(method.__doc__ or "")} for name, method in self._methods.items()]
        return {"protocol": 1, "methods": methods[:MAX_METHODS], "events": self._library.own_event_types()}

    def handle(self, message: Json) -> None:
        method, number, params = message["method"], message.get("id"), message.get("params") or {}
        if method == "call":
            self._answer(number, lambda: self._call(params["method"], params.get("params") or []))
        elif method == "cancel":
            self._cancel(params.get("id"))
        elif method == "event":
            try:
                self._library.deliver(params)
            except Exception:
                traceback.print_exc()
        elif number is not None:
            self._wire.refuse(number, Refused(UNKNOWN_METHOD, "UNKNOWN_METHOD"))

    def _call(self, name: str, params: List[Any]) -> Any:
        if name not in self._methods:
            raise Refused(UNKNOWN_METHOD, "UNKNOWN_METHOD")
        method = self._methods[name]
        arguments = decode(params, text_if_possible, date_and_time)
        try:
            inspect.signature(method).bind(*arguments)
        except TypeError:
            raise Refused(INCORRECT_PARAMETERS, "INCORRECT_PARAMETERS") from None
        except ValueError:
            # Written in C: it has no signature that could be compared.
            pass
        return method(*arguments)

    def _answer(self, number: Any, ask: Callable[[], Any]) -> None:
        try:
            value = ask()
            if isinstance(value, types.FunctionType):
                self._deferred.append(Deferred(number, value))
            else:
                self._wire.answer(number, value)
        except Exception as error:
            self._wire.refuse(number, refusal(error))

    def _cancel(self, number: Any) -> None:
        for one in [one for one in self._deferred if one.number == number]:
            self._deferred.remove(one)
            self._wire.refuse(number, Refused(FAILED, "FAILED: cancelled"))

    def ask_deferred(self) -> Optional[float]:
        """Asks those that are due; in how many seconds the next one is, or `None`."""
        for one in [one for one in self._deferred if one.due <= time.monotonic()]:
            not_done = importlib.import_module("supervisor.http").NOT_DONE_YET
            try:
                value = one.function()
                if value is not_done:
                    one.due = time.monotonic() + one.delay
                    continue
                self._wire.answer(one.number, value)
            except Exception as error:
                self._wire.refuse(one.number, refusal(error))
            self._deferred.remove(one)
        return min((max(0.0, one.due - time.monotonic()) for one in self._deferred), default=None)


def signature(help_text: str) -> Optional[List[str]]:
    """The types of the result and of the parameters, as far as the tags of a docstring tell."""
    tags = re.findall(r"^\s*@(param|return)\s+(\S+)", help_text, re.MULTILINE)
    results = [kind for tag, kind in tags if tag == "return"]
    return results[:1] + [kind for tag, kind in tags if tag == "param"] if results else None
