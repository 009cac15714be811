"""From `module:attribute` to what it names, and to what that makes; and what is said when it cannot be."""
from __future__ import annotations

import importlib
import sys
import traceback
from typing import Any

from supervisor_plugin_host.facade import NotOffered
from supervisor_plugin_host.values import FAILED, NO_FILE, Json, Refused


def resolve(spec: str) -> Any:
    """What `module:attribute.attribute` names. Raises `Refused` with words for people, and the code NO_FILE."""
    module_name, _, attributes = spec.partition(":")
    attributes = attributes.partition("[")[0].strip()
    try:
        thing: Any = importlib.import_module(module_name.strip())
        for name in attributes.split(".") if attributes else ():
            thing = getattr(thing, name.strip())
    except Exception as error:
        hint = ""
        if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "supervisor":
            hint = "; plug-ins need Supervisor's library: pip install supervisor"
        if not isinstance(error, (ImportError, AttributeError)):
            traceback.print_exc()
        raise Refused(NO_FILE, "%s cannot be imported by %s: %s: %s%s" % (
            spec, sys.executable or "python", type(error).__name__, error, hint)) from None
    return thing


def make(spec: str, what: Any, config: Json) -> Any:
    """Calls a factory. Raises `Refused` with words for people."""
    factory = resolve(spec)
    try:
        return factory(what, **config)
    except NotOffered as error:
        raise Refused(FAILED, "%s: %s" % (spec, error)) from None
    except Exception as error:
        traceback.print_exc()
        text = error.text if isinstance(error, Refused) else "%s: %s" % (type(error).__name__, error)
        raise Refused(FAILED, "%s: %s" % (spec, text)) from None


def refusal(error: BaseException) -> Refused:
    """What the client of a method is told of an exception."""
    if isinstance(error, Refused):
        return error
    code, text = getattr(error, "code", None), getattr(error, "text", None)
    if type(error).__name__ == "RPCError" and isinstance(code, int) and isinstance(text, str):
        return Refused(code, text)
    traceback.print_exception(type(error), error, error.__traceback__)
    return Refused(FAILED, "FAILED: %s:%s" % (type(error), error))
