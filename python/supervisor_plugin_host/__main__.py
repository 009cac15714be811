"""From the start to the end of the process."""
from __future__ import annotations

import io
import os
import queue
import socket
import sys
from typing import Any, BinaryIO, NoReturn, Optional

from supervisor_plugin_host.commands import Commands
from supervisor_plugin_host.facade import Options
from supervisor_plugin_host.factory import resolve
from supervisor_plugin_host.library import Library
from supervisor_plugin_host.namespace import Namespace
from supervisor_plugin_host.result_handler import ResultHandler
from supervisor_plugin_host.values import FAILED, Json, Refused
from supervisor_plugin_host.wire import Wire


class Imported:
    """What a check of a configuration asks for: that there is such a thing. Nothing is done with it."""

    def __init__(self, spec: str) -> None:
        resolve(spec)

    def describe(self) -> Json:
        return {"protocol": 1, "methods": []}

    def handle(self, message: Json) -> None:
        pass

    def ask_deferred(self) -> Optional[float]:
        return None


def begin(wire: Wire, params: Json) -> Any:
    """What serves this kind of plug-in."""
    if params.get("protocol") != 1:
        raise Refused(FAILED, "FAILED: the protocol %s is not known" % params.get("protocol"))
    kind = params.get("kind")
    if kind == "ctl":
        wire.open_up()
        return Commands(wire, params)
    library = Library(wire)
    if params.get("only_import"):
        return Imported(params["spec"])
    if kind == "rpcinterface":
        return Namespace(wire, library, params["spec"], params.get("config") or {})
    if kind == "result_handler":
        return ResultHandler(wire, library, params["spec"])
    raise Refused(FAILED, "FAILED: there is no kind %s of plug-in" % kind)


def serve(wire: Wire) -> int:
    """Until the other side is done; the exit status."""
    served: Any = None
    while True:
        try:
            message = wire.inbox.get(timeout=served.ask_deferred() if served is not None else None)
        except queue.Empty:
            continue
        if message is None or message["method"] == "shutdown":
            return 0
        if served is not None:
            served.handle(message)
        elif message["method"] == "initialize":
            params = message.get("params") or {}
            wire.early_answers = {"mood": 1, **{key: params[key] for key in Options._ASKED if key in params}}
            try:
                served = begin(wire, params)
            except Refused as error:
                wire.refuse(message.get("id"), error)
                return 1
            wire.answer(message.get("id"), served.describe())
            wire.open_up()


def main(connection: Optional[socket.socket] = None, reader: Optional[BinaryIO] = None) -> NoReturn:
    if connection is None:
        connection = socket.socket(fileno=int(os.environ.pop("SUPERVISOR_EXT_FD")))
    connection.set_inheritable(False)
    # Whole lines, PYTHONUNBUFFERED or not, as images often have it: others write to the same place.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=False)
    wire = Wire(connection, reader)
    wire.start()
    status = serve(wire)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    # Plug-ins may have left threads that nobody would end.
    os._exit(status)


if __name__ == "__main__":
    # Whoever has started this with its text as the first line has read that line already.
    main(globals().get("connection"), globals().get("reader"))
