"""Runs plug-ins that were written for Supervisor in Python, beside supervisord and supervisorctl.

Both bring this file along and start it with an interpreter that can import the plug-ins; nobody installs it. One
process serves one [rpcinterface:x], the result_handler of one [eventlistener:x], or the [ctlplugin:x] of a file. It
talks over the socket whose number is in SUPERVISOR_EXT_FD, as docs/extensions.md says: JSON-RPC 2.0, one object a line.

What is beyond that page: kinds "result_handler" and "ctl" of `initialize`, with the requests `result`, `run` and
`help` to this host, `ctl.onecmd` and `ctl.upcheck` from it; and `only_import` of `initialize`, with which nothing is
made. These are between two files of one release, and may change.

Plug-ins import `supervisor`, the library of the Python release, which is theirs to install. What they get for their
`supervisord` is a facade: it holds no state, and each look at it is a question to the real one. An attribute that it
does not have is an AttributeError that says so.
"""
