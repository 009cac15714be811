"""What plug-ins see of supervisord: objects without a state of their own; each look at one is a question."""
from __future__ import annotations

from typing import Any, Callable, Iterator, List, NoReturn, Optional, Tuple

from supervisor_plugin_host.values import BAD_ARGUMENTS, Json, Refused
from supervisor_plugin_host.wire import Wire


class NotOffered(AttributeError):
    """A plug-in wants something of supervisord that is not there for it."""


class Facade:
    """Something of supervisord. `_path` is how a plug-in got here, for the words of an error."""

    _path = "supervisord"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotOffered("%s.%s is not offered to plug-ins by this supervisord" % (self._path, name))

    def _refuse_to_set(self, name: str) -> NoReturn:
        raise NotOffered("%s.%s cannot be set by a plug-in of this supervisord" % (self._path, name))


class Table(Facade):
    """A mapping of names that supervisord answers for. Lists, where Python 2 had lists: old plug-ins sort them."""

    def _names(self) -> List[str]:
        raise NotImplementedError

    def _make(self, name: str) -> Any:
        raise NotImplementedError

    def keys(self) -> List[str]:
        return self._names()

    def values(self) -> List[Any]:
        return [self._make(name) for name in self._names()]

    def items(self) -> List[Tuple[str, Any]]:
        return [(name, self._make(name)) for name in self._names()]

    def get(self, name: str, default: Any = None) -> Any:
        return self._make(name) if name in self._names() else default

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return self._make(name)

    def __contains__(self, name: str) -> bool:
        return name in self._names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


class Config(Facade):
    """The options of a process: those that are known, and those that are asked for when a plug-in wants them."""

    _path = "process.config"

    def __init__(self, known: Json, ask: Optional[Callable[[], Json]] = None) -> None:
        self.__dict__.update(_known=dict(known), _ask=ask)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name not in self._known and self._ask is not None:
            self._known.update(self._ask())
            self.__dict__["_ask"] = None
        if name in self._known:
            return self._known[name]
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_to_set(name)

    def create_autochildlogs(self) -> None:
        """supervisord makes them when the process is added."""

    def make_process(self, group: Any = None) -> "Process":
        return Process(wire_of(group), group._name if group is not None else "", self._known["name"], self)

    def __lt__(self, other: "Config") -> bool:
        return bool(self.priority < other.priority)


class Process(Facade):
    """One process."""

    _path = "process"
    _ASKED = ("pid", "state", "laststart", "laststop", "spawnerr", "exitstatus", "killing", "backoff", "delay",
              "administrative_stop", "system_stop")

    def __init__(self, wire: Wire, group: str, name: str, config: Optional[Config] = None) -> None:
        self.__dict__.update(_wire=wire, _group=group, _name=name)
        self.__dict__["config"] = config or Config({"name": name}, lambda: self._look()["config"])

    def _look(self) -> Json:
        answer: Json = self._wire.ask("sup.process", group=self._group, name=self._name)
        return answer

    def __getattr__(self, name: str) -> Any:
        return self._look()[name] if name in self._ASKED else super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_to_set(name)

    @property
    def group(self) -> "Group":
        return Group(self._wire, self._group)

    def get_state(self) -> int:
        return int(self._look()["state"])

    def _call(self, method: str, *params: Any) -> None:
        name = "%s:%s" % (self._group, self._name)
        self._wire.ask("sup.call", method="supervisor." + method, params=[*params[:1], name, *params[1:]])

    def spawn(self) -> None:
        self._wire.ask("sup.call", method="supervisor.startProcess", params=[self._namespec(), False])

    def stop(self) -> None:
        self._wire.ask("sup.call", method="supervisor.stopProcess", params=[self._namespec(), False])

    def signal(self, sig: int) -> None:
        self._wire.ask("sup.call", method="supervisor.signalProcess", params=[self._namespec(), str(int(sig))])

    def kill(self, sig: int) -> None:
        self._wire.ask("sup.kill", pid=self.pid, signal=int(sig))

    def write(self, chars: Any) -> None:
        data = chars if isinstance(chars, bytes) else str(chars).encode("utf-8")
        self._wire.ask("sup.write", group=self._group, name=self._name, bytes=data)

    def _namespec(self) -> str:
        return "%s:%s" % (self._group, self._name)

    def __lt__(self, other: "Process") -> bool:
        return bool(self.config.priority < other.config.priority)

    def __repr__(self) -> str:
        return "<process %s>" % self._namespec()


class Processes(Table):
    """`group.processes`: a process that is put in is added, one that is taken out is removed."""

    _path = "group.processes"

    def __init__(self, wire: Wire, group: str) -> None:
        self._wire, self._group = wire, group

    def _names(self) -> List[str]:
        return [config["name"] for config in self._wire.ask("sup.group", group=self._group)["configs"]]

    def _make(self, name: str) -> Process:
        return Process(self._wire, self._group, name)

    def __setitem__(self, name: str, process: Process) -> None:
        self._wire.ask("sup.add_process", group=self._group, config=process.config._known)

    def __delitem__(self, name: str) -> None:
        self._wire.ask("sup.remove_process", group=self._group, name=name)


class GroupConfig(Facade):
    """`group.config`."""

    _path = "group.config"

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self.name = wire, name

    @property
    def priority(self) -> int:
        return int(self._wire.ask("sup.group", group=self.name)["priority"])

    @property
    def process_configs(self) -> List[Config]:
        """A list of what there is now. What is done to it becomes true by what is done to `group.processes`."""
        return [Config(config) for config in self._wire.ask("sup.group", group=self.name)["configs"]]


class Group(Facade):
    """One group."""

    _path = "group"

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name
        self.config = GroupConfig(wire, name)
        self.processes = Processes(wire, name)

    def transition(self) -> None:
        self._wire.ask("sup.transition", group=self._name)

    def stop_all(self) -> None:
        self._wire.ask("sup.call", method="supervisor.stopProcessGroup", params=[self._name, False])

    def __lt__(self, other: "Group") -> bool:
        return self.config.priority < other.config.priority


class Groups(Table):
    """`supervisord.process_groups`."""

    _path = "supervisord.process_groups"

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def _names(self) -> List[str]:
        return list(self._wire.ask("sup.groups"))

    def _make(self, name: str) -> Group:
        return Group(self._wire, name)


class Logger(Facade):
    """The main log."""

    _path = "supervisord.options.logger"
    _LEVELS = ("critical", "error", "warn", "info", "debug", "trace", "blather")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def log(self, level: Any, msg: str, **values: Any) -> None:
        self._wire.ask("sup.log", level=level, message=msg % values if values else str(msg))

    def __getattr__(self, name: str) -> Any:
        if name in self._LEVELS:
            return lambda msg, **values: self.log(name, msg, **values)
        return super().__getattr__(name)


class Options(Facade):
    """`supervisord.options`."""

    _path = "supervisord.options"
    _ASKED = ("mood", "identifier", "serverurl", "configfile", "here")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.logger = Logger(wire)

    def __getattr__(self, name: str) -> Any:
        if name in self._ASKED:
            state = self._wire.ask("sup.state")
            if name in state:
                return state[name]
        return super().__getattr__(name)

    def kill(self, pid: int, sig: int) -> None:
        self._wire.ask("sup.kill", pid=pid, signal=int(sig))

    def processes_from_section(self, parser: Any, section: str, group_name: str, klass: Any = None) -> List[Config]:
        options = {key: str(parser.get(section, key)) for key in parser.options(section)}
        try:
            configs = self._wire.ask("sup.parse_program", section=section, group=group_name, options=options)
        except Refused as error:
            if error.code == BAD_ARGUMENTS:
                raise ValueError(error.text.partition(": ")[2] or error.text) from None
            raise
        return [Config(config) for config in configs]


class Supervisord(Facade):
    """What a factory gets."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.options = Options(wire)
        self.process_groups = Groups(wire)

    def get_state(self) -> int:
        return int(self.options.mood)

    def remove_process_group(self, name: str) -> bool:
        return bool(self._wire.ask("sup.call", method="supervisor.removeProcessGroup", params=[name]))


def wire_of(group: Any) -> Wire:
    if not isinstance(group, Group):
        raise NotOffered("make_process needs a group of supervisord.process_groups")
    return group._wire
