#!/usr/bin/env python3
"""Write signatures.txt beside this file: each method of Supervisor 4.3.0 with its signature.

Run once with the interpreter of an installation of Supervisor 4.3.0 and stored; tests/method.rs compares the table.
"""
import pathlib

from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.xmlrpc import SystemNamespaceRPCInterface

system = SystemNamespaceRPCInterface([("supervisor", SupervisorNamespaceRPCInterface(None))])
lines = [" ".join([name, *system.methodSignature(name)]) for name in system.listMethods()]
(pathlib.Path(__file__).resolve().parent / "signatures.txt").write_text("\n".join(lines) + "\n")
