"""The [ctlplugin:x] of a file: commands of supervisorctl."""
from __future__ import annotations

import cmd
import signal
import sys
import traceback
import xmlrpc.client
from typing import Any, Callable, List, Optional, Tuple

from supervisor_plugin_host.facade import Facade, NotOffered
from supervisor_plugin_host.factory import make
from supervisor_plugin_host.values import UNKNOWN_METHOD, Json, Refused, decode, text_to_send
from supervisor_plugin_host.wire import Wire

# Codes between this and supervisorctl, for what is no fault of the server.
INTERRUPTED, UNAUTHORIZED, ERRNO = -2, -401, 1000


class Proxy:
    """Methods of the server, by way of supervisorctl: its connection, its password, its TLS."""

    _controller: "Controller"
    _path: str

    def __init__(self, controller: "Controller", path: str = "") -> None:
        self._controller, self._path = controller, path

    def __getattr__(self, name: str) -> "Proxy":
        if name.startswith("__"):
            raise AttributeError(name)
        return Proxy(self._controller, "%s.%s" % (self._path, name) if self._path else name)

    def __call__(self, *params: Any) -> Any:
        return self._controller._call(self._path, params)


class ClientOptions(Facade):
    """`controller.options`."""

    _path = "controller.options"

    def __init__(self, controller: "Controller") -> None:
        self._controller = controller
        self.plugins: List[Any] = []

    def getServerProxy(self) -> Proxy:
        return Proxy(self._controller)


class Controller(cmd.Cmd):
    """What a factory of supervisorctl's plug-ins gets. Actions that are supervisorctl's own are carried out there."""

    def __init__(self, wire: Wire, builtin: List[str]) -> None:
        super().__init__(stdin=sys.stdin, stdout=sys.stdout)
        self._wire, self._builtin = wire, set(builtin)
        self.options = ClientOptions(self)
        self.exitstatus = 0
        self.vocab = ["help", *builtin]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotOffered("controller.%s is not offered to plug-ins by this supervisorctl" % name)

    def load(self, name: str, spec: str, config: Json) -> Any:
        plugin = make(spec, self, config)
        plugin.name = name
        self.options.plugins.append(plugin)
        return plugin

    def output(self, message: Any) -> None:
        text = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
        self.stdout.write(text + "\n")

    def get_server_proxy(self, namespace: Optional[str] = None) -> Any:
        return Proxy(self, namespace or "")

    def get_supervisor(self) -> Any:
        return self.get_server_proxy("supervisor")

    def set_exitstatus_from_xmlrpc_fault(self, faultcode: int, ignored_faultcode: Optional[int] = None) -> None:
        dead = {40: "ABNORMAL_TERMINATION", 50: "SPAWN_ERROR", 70: "NOT_RUNNING"}
        if faultcode not in (ignored_faultcode, 80):
            self.exitstatus = 7 if faultcode in dead else 1

    def upcheck(self) -> bool:
        answer = self._ask("ctl.upcheck")
        self.exitstatus = answer["exitstatus"] or self.exitstatus
        return bool(answer["understands"])

    def onecmd(self, line: str) -> Any:
        name, argument, whole = self.parseline(line)
        plugin = None if name is None or name in self._builtin else self.plugin_with(name)
        if plugin is not None:
            return getattr(plugin, "do_%s" % name)(argument)
        answer = self._ask("ctl.onecmd", line=whole)
        self.exitstatus = answer["exitstatus"] or self.exitstatus
        return answer["leaves"]

    def plugin_with(self, name: str) -> Any:
        return next((one for one in self.options.plugins if hasattr(one, "do_%s" % name)), None)

    def _call(self, method: str, params: Tuple[Any, ...]) -> Any:
        return decode(self._ask("sup.call", method=method, params=list(params)),
                      xmlrpc.client.Binary, xmlrpc.client.DateTime)

    def _ask(self, method: str, /, **params: Any) -> Any:
        # What was printed before comes before what supervisorctl prints.
        self.stdout.flush()
        try:
            return self._wire.ask(method, **params)
        except Refused as error:
            raise as_client_error(error, str(getattr(self.options, "serverurl", ""))) from None


def as_client_error(error: Refused, url: str) -> Exception:
    """The exceptions that a client written in Python knows. supervisorctl tells by negative codes what is no fault."""
    if error.code <= -ERRNO:
        return OSError(-error.code - ERRNO, error.text)
    if error.code <= -100:
        return xmlrpc.client.ProtocolError(url, -error.code, error.text, {})
    return OSError(error.text) if error.code < 0 else xmlrpc.client.Fault(error.code, error.text)


class Commands:
    """Carries out the commands of supervisorctl's plug-ins, one after the other."""

    def __init__(self, wire: Wire, params: Json) -> None:
        self._wire = wire
        self._is_busy = False
        signal.signal(signal.SIGINT, self._interrupt)
        self._controller = Controller(wire, params["builtin"])
        self._refresh(params)
        self._told = [self._load(one) for one in params["plugins"]]

    def describe(self) -> Json:
        return {"protocol": 1, "plugins": self._told}

    def ask_deferred(self) -> Optional[float]:
        return None

    def _interrupt(self, *_: Any) -> None:
        if self._is_busy:
            raise KeyboardInterrupt

    def _refresh(self, params: Json) -> None:
        """What may have changed since the last command: the login, and the exit status so far."""
        self._controller.options.__dict__.update(params["options"])
        self._controller.exitstatus = params["exitstatus"]

    def _load(self, params: Json) -> Json:
        try:
            plugin = self._controller.load(params["name"], params["spec"], params["config"])
        except Refused as error:
            return {"error": text_to_send(error.text)}
        names = [name[3:] for name in dir(plugin) if name.startswith("do_") and callable(getattr(plugin, name))]
        return {"commands": [name for name in names if name not in ("help", "EOF")]}

    def handle(self, message: Json) -> None:
        number, params = message.get("id"), message.get("params") or {}
        if message["method"] not in ("run", "help"):
            if number is not None:
                self._wire.refuse(number, Refused(UNKNOWN_METHOD, "UNKNOWN_METHOD"))
            return
        self._refresh(params)
        try:
            self._is_busy = True
            leaves = self._run(params) if message["method"] == "run" else self._help(params["topic"])
            sys.stdout.flush()
            self._is_busy = False
        except KeyboardInterrupt:
            self._wire.refuse(number, Refused(INTERRUPTED, "interrupted"))
        except xmlrpc.client.ProtocolError:
            self._wire.refuse(number, Refused(UNAUTHORIZED, "Server requires authentication"))
        else:
            self._wire.answer(number, {"leaves": bool(leaves), "exitstatus": self._controller.exitstatus})
        finally:
            self._is_busy = False

    def _run(self, params: Json) -> Any:
        plugin = self._controller.plugin_with(params["command"])
        return self._guarded(lambda: getattr(plugin, "do_%s" % params["command"])(params["argument"]))

    def _help(self, topic: str) -> Any:
        if not topic:
            for plugin in self._controller.options.plugins:
                if hasattr(plugin, "do_help"):
                    self._guarded(lambda: plugin.do_help(""))
            return False
        for plugin in self._controller.options.plugins:
            if hasattr(plugin, "help_%s" % topic):
                return self._guarded(lambda: getattr(plugin, "help_%s" % topic)()) and False
            if hasattr(plugin, "do_%s" % topic):
                words = getattr(plugin, "do_%s" % topic).__doc__
                self._controller.output(words or self._controller.nohelp % topic)
                return False
        self._controller.output(self._controller.nohelp % topic)
        return False

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """Says what goes wrong, as supervisorctl does. That nobody is logged in is for supervisorctl to mend."""
        controller = self._controller
        try:
            return work()
        except SystemExit as leaving:
            code = leaving.code
            controller.exitstatus = code if isinstance(code, int) else 0 if code is None else 1
            if isinstance(code, str):
                sys.stderr.write(code + "\n")
            return True
        except Exception as error:
            if isinstance(error, xmlrpc.client.ProtocolError) and error.errcode == 401:
                raise
            last = traceback.extract_tb(error.__traceback__)[-1]
            controller.output("error: %s, %s: file: %s line: %s" % (type(error), error, last.filename, last.lineno))
            controller.exitstatus = 1
            return False
