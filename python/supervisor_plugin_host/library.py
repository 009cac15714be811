"""The library of the Python release as plug-ins import it, where it would reach into a supervisord of its own."""
from __future__ import annotations

import importlib
import inspect
from typing import Any, Callable, Dict, List

from supervisor_plugin_host.facade import Process
from supervisor_plugin_host.values import INCORRECT_PARAMETERS, SHUTDOWN_STATE, Json, Refused
from supervisor_plugin_host.wire import Wire

# How long a method of the `supervisor` namespace that may have to wait is given to fail at once, in seconds.
AT_ONCE = 0.1

# How often a method is looked after that waits for supervisord, in seconds.
PACE = 0.05


class Library:
    """`supervisor` as plug-ins import it, if it is there, with its rpcinterface and its events led to `wire`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._own_events: Dict[str, Any] = {}
        self.events: Any = None
        try:
            self.events = importlib.import_module("supervisor.events")
            self._lead_rpcinterface(importlib.import_module("supervisor.rpcinterface"))
        except ImportError:
            # A plug-in that needs it says so itself.
            return
        self._given = set(vars(self.events.EventTypes))
        self._lead_events()

    def _lead_rpcinterface(self, module: Any) -> None:
        original = module.SupervisorNamespaceRPCInterface
        members = {name: forwarding(self._wire, name, function)
                   for name, function in inspect.getmembers(original, inspect.isfunction) if not name.startswith("_")}

        def initialise(self: Any, supervisord: Any) -> None:
            self.supervisord = supervisord

        def update(self: Any, text: str) -> None:
            self.update_text = text
            if self.supervisord.options.mood < 1:
                raise rpc_error(SHUTDOWN_STATE, "SHUTDOWN_STATE")

        members.update(__init__=initialise, _update=update, __doc__=original.__doc__)
        module.SupervisorNamespaceRPCInterface = type(original.__name__, (), members)

    def _lead_events(self) -> None:
        events, wire = self.events, self._wire
        subscribe, unsubscribe, notify = events.subscribe, events.unsubscribe, events.notify

        def subscribe_there(event_type: Any, callback: Any) -> None:
            is_new = all(known is not event_type for known, _ in events.callbacks)
            subscribe(event_type, callback)
            if is_new:
                wire.ask("sup.subscribe", event=events.getEventNameByType(event_type))

        def unsubscribe_there(event_type: Any, callback: Any) -> None:
            unsubscribe(event_type, callback)
            if all(known is not event_type for known, _ in events.callbacks):
                wire.ask("sup.unsubscribe", event=events.getEventNameByType(event_type))

        def notify_there(event: Any) -> None:
            notify(event)
            name = events.getEventNameByType(type(event))
            if name in self.own_event_types():
                wire.ask("sup.notify", name=name, payload=str(event.payload()))

        self._notify_here = notify
        events.subscribe, events.unsubscribe, events.notify = subscribe_there, unsubscribe_there, notify_there

    def own_event_types(self) -> List[str]:
        """Those that plug-ins have registered."""
        if self.events is None:
            return []
        return [name for name, value in vars(self.events.EventTypes).items()
                if name not in self._given and inspect.isclass(value)]

    def deliver(self, params: Json) -> None:
        """An event of supervisord for who has subscribed."""
        if self.events is not None:
            self._notify_here(make_event(self._wire, self.events, params))


def forwarding(wire: Wire, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """A method of the `supervisor` namespace that asks supervisord. Where the original answers later, so does this."""
    takes_wait = "wait" in inspect.signature(original).parameters
    is_for_many = name in ("startProcessGroup", "startAllProcesses", "stopProcessGroup", "stopAllProcesses",
                           "signalProcessGroup", "signalAllProcesses", "clearAllProcessLogs")

    def method(self: Any, *args: Any, **named: Any) -> Any:
        try:
            bound = inspect.signature(original).bind(self, *args, **named)
        except TypeError:
            raise rpc_error(INCORRECT_PARAMETERS, "INCORRECT_PARAMETERS") from None
        waits = bound.arguments.get("wait", True) if takes_wait else False
        pending = wire.begin("sup.call", method="supervisor." + name, params=list(bound.args[1:]))
        if not (waits or is_for_many):
            return as_rpc_error(pending.result)
        if pending.arrives_within(AT_ONCE):
            value = as_rpc_error(pending.result)
            return deferred(lambda: value, self)
        not_done = importlib.import_module("supervisor.http").NOT_DONE_YET
        return deferred(lambda: as_rpc_error(pending.result) if pending.arrives_within(0) else not_done, self)

    method.__name__, method.__doc__ = name, original.__doc__
    return method


def deferred(function: Any, interface: Any) -> Any:
    function.delay, function.rpcinterface = PACE, interface
    return function


def as_rpc_error(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Refused as error:
        raise rpc_error(error.code, error.text) from None


def rpc_error(code: int, text: str) -> Exception:
    """Supervisor's own exception, with the text as it came."""
    error: Any = importlib.import_module("supervisor.xmlrpc").RPCError(code)
    error.text = text
    return error  # type: ignore[no-any-return]


def make_event(wire: Wire, events: Any, params: Json) -> Any:
    """An event of the library's own type, with the attributes that its payload tells."""
    event_type = getattr(events.EventTypes, params["name"], events.Event)
    event = event_type.__new__(event_type)
    payload = str(params.get("payload", ""))
    head, _, data = payload.partition("\n")
    values = dict(token.split(":", 1) for token in head.split() if ":" in token)
    event.payload = lambda: payload
    event.serial = params.get("serial")
    if params.get("process"):
        event.process = Process(wire, params["group"], params["process"])
        event.pid = int(values.get("pid", 0))
        event.data, event.channel = data, values.get("channel", "stderr" if "STDERR" in params["name"] else "stdout")
    elif "groupname" in values:
        event.group = values["groupname"]
    if "from_state" in values:
        states = importlib.import_module("supervisor.process").ProcessStates
        event.from_state = getattr(states, values["from_state"], None)
        event.expected = values.get("expected", "1") != "0"
        told = ("processname", "groupname", "from_state")
        event.extra_values = [(name, value) for name, value in values.items() if name not in told]
    if "type" in values:
        event.type, event.data = values["type"], data
    if "when" in values:
        event.when = int(values["when"])
    return event
