"""The conversation with supervisord or supervisorctl: questions in both directions at once, any number of them."""
from __future__ import annotations

import json
import queue
import socket
import threading
from typing import Any, BinaryIO, Dict, List, Optional

from supervisor_plugin_host.values import FAILED, Json, Refused, encode, text_to_send

# Longest message in bytes (docs/extensions.md, «Bounds»).
MAX_LINE = 16 * 1024 * 1024


class Pending:
    """A question that is open."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._message: Json = {}

    def settle(self, message: Json) -> None:
        self._message = message
        self._arrived.set()

    def arrives_within(self, seconds: float) -> bool:
        return self._arrived.wait(seconds)

    def result(self) -> Any:
        """Waits for the answer. Raises `Refused`."""
        self._arrived.wait()
        error = self._message.get("error")
        if error is not None:
            text = str(error.get("message", error.get("text", "FAILED")))
            raise Refused(int(error.get("code", FAILED)), text)
        return self._message.get("result")


class Wire:
    """A thread reads: answers go to who has asked, from whatever thread, and all else to `inbox`; `None` is the end."""

    def __init__(self, connection: socket.socket, reader: Optional[BinaryIO] = None) -> None:
        self._connection = connection
        self._reader: BinaryIO = reader or connection.makefile("rb")
        self._sending = threading.Lock()
        self._open: Dict[str, Pending] = {}
        self._last_id = 0
        self._is_over = False
        self.inbox: "queue.Queue[Optional[Json]]" = queue.Queue()
        # What is said before `initialize` is answered, which is too early: kept until then.
        self._held_back: Optional[List[Json]] = []
        self.early_answers: Json = {}

    def start(self) -> None:
        threading.Thread(target=self._read, name="wire", daemon=True).start()

    def _read(self) -> None:
        try:
            for line in iter(lambda: self._reader.readline(MAX_LINE + 2), b""):
                if line.strip():
                    self._take(json.loads(line.decode("utf-8")))
        except (OSError, ValueError):
            # A line that cannot be read ends the conversation as the end of the stream does.
            pass
        with self._sending:
            self._is_over = True
            left, self._open = list(self._open.values()), {}
        for pending in left:
            pending.settle({"error": {"code": FAILED, "message": "FAILED: supervisord has gone"}})
        self.inbox.put(None)

    def _take(self, message: Json) -> None:
        if "method" in message:
            self.inbox.put(message)
            return
        with self._sending:
            pending = self._open.pop(str(message.get("id")), None)
        if pending is not None:
            pending.settle(message)

    def send(self, message: Json) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        if len(line) > MAX_LINE:
            raise ValueError("%d bytes are too much for one message" % len(line))
        try:
            with self._sending:
                self._connection.sendall(line)
        except OSError:
            # Nobody is there to be told; that the reader has come to the end says the same.
            pass

    def begin(self, method: str, /, **params: Any) -> Pending:
        """Asks, and does not wait."""
        pending = Pending()
        with self._sending:
            self._last_id += 1
            me = "h%d" % self._last_id
            message = {"id": me, "method": method, "params": encode(params)}
            over, held = self._is_over, self._held_back
            if not over:
                self._open[me] = pending
            if held is not None:
                held.append(message)
        if over:
            pending.settle({"error": {"code": FAILED, "message": "FAILED: supervisord has gone"}})
        elif held is None:
            self.send(message)
        return pending

    def ask(self, method: str, /, **params: Any) -> Any:
        """Asks, and waits for the answer. Raises `Refused`."""
        if self._held_back is not None:
            if method == "sup.state" and self.early_answers:
                return self.early_answers
            if method not in ("sup.log", "sup.subscribe", "sup.unsubscribe"):
                raise Refused(FAILED, "FAILED: %s has to wait until the factory is done" % method)
            self.begin(method, **params)
            return True
        return self.begin(method, **params).result()

    def open_up(self) -> None:
        """From now on questions are sent at once, those that were held back before them."""
        with self._sending:
            held, self._held_back = self._held_back or [], None
        for message in held:
            self.send(message)

    def answer(self, number: Any, result: Any) -> None:
        try:
            self.send({"id": number, "result": encode(result)})
        except (TypeError, ValueError) as error:
            self.refuse(number, Refused(FAILED, "FAILED: the result cannot be sent: %s" % error))

    def refuse(self, number: Any, error: Refused) -> None:
        self.send({"id": number, "error": {"code": error.code, "message": text_to_send(error.text)}})
