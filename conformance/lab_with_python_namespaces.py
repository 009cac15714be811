"""For pytest in the lab of `ecosystem.py`: supervisor_twiddler and supervisor_cache as they come from PyPI, through the
host of Python plug-ins, where ours are built in otherwise."""
import lab

lab.BASE = lab.BASE.replace("nodaemon=true\n", "nodaemon=true\npython_namespaces=true\n")
assert "python_namespaces=true" in lab.BASE
