"""Tests of supervisor_listener.py without a supervisord: python3 -m unittest discover python"""
import contextlib
import io
import os
import socketserver
import ssl
import sys
import tempfile
import threading
import unittest
import unittest.mock
import xmlrpc.client
import xmlrpc.server

import supervisor_listener as childutils

HEADER = "ver:3.0 server:s serial:%d pool:p poolserial:0 eventname:PROCESS_LOG_STDOUT len:%d\n"


def events(*payloads):
    return "".join(HEADER % (n, len(text)) + text for n, text in enumerate(payloads)).encode()


class Protocol(unittest.TestCase):
    def test_characters_are_counted_and_no_byte_of_the_next_event_is_taken(self):
        payloads = ["", "plain", "é", "日本語\r\n", "🦀🦀", "e\u0301", "x" * 100_000 + "é"]
        stream, said = io.BytesIO(events(*payloads)), io.BytesIO()
        for payload in payloads:
            headers, text = childutils.listener.wait(stream, said)
            self.assertEqual((text, headers["eventname"]), (payload, "PROCESS_LOG_STDOUT"))
            childutils.listener.ok(said)
        self.assertEqual(said.getvalue(), b"READY\nRESULT 2\nOK" * len(payloads))
        with self.assertRaises(SystemExit):
            childutils.listener.wait(stream, said)

    def test_text_streams_do_too(self):
        stream, said = io.StringIO(events("äöü").decode()), io.StringIO()
        self.assertEqual(childutils.listener.wait(stream, said)[1], "äöü")
        childutils.listener.fail(said)
        self.assertEqual(said.getvalue(), "READY\nRESULT 4\nFAIL")

    def test_standard_streams_in_any_locale(self):
        stdin = io.TextIOWrapper(io.BytesIO(events("é\r\n")), encoding="ascii")
        stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        self.assertEqual(childutils.listener.wait(stdin, stdout)[1], "é\r\n")
        childutils.listener.send("é", stdout)
        self.assertEqual(stdout.buffer.getvalue(), b"READY\nRESULT 2\n\xc3\xa9")

    def test_an_event_that_is_cut_off_is_an_error(self):
        for cut in (1, 2, 3):
            with self.assertRaises(EOFError):
                childutils.listener.wait(io.BytesIO(events("aé日")[:-cut]), io.BytesIO())

    def test_messages_are_text_or_bytes(self):
        expected = "<!--XSUPERVISOR:BEGIN-->é<!--XSUPERVISOR:END-->".encode()
        for message in ("é", "é".encode()):
            stream = io.BytesIO()
            childutils.pcomm.send(message, stream)
            self.assertEqual(stream.getvalue(), expected)
        stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(stdout):
            childutils.pcomm.stdout("é")
        self.assertEqual(stdout.buffer.getvalue(), expected)


class Texts(unittest.TestCase):
    def test_tokens(self):
        self.assertEqual(childutils.get_headers("a:b c:d:e nothing\n"), {"a": "b", "c": "d:e"})
        self.assertEqual(childutils.eventdata("a:b\nc:d\n"), ({"a": "b"}, "c:d\n"))
        self.assertEqual(childutils.eventdata("when:5"), ({"when": "5"}, ""))

    def test_asctime(self):
        self.assertRegex(childutils.get_asctime(1_000_000_000.25), r"^2001-09-09 \d\d:\d\d:40,250$")
        self.assertRegex(childutils.get_asctime(), r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$")


def tls_file(name):
    """See the README there."""
    folder = os.path.dirname(os.path.abspath(__file__))
    return os.path.join(folder, "..", "crates", "supervisord", "tests", "tls", name)


class UnixServer(socketserver.UnixStreamServer, xmlrpc.server.SimpleXMLRPCDispatcher):
    logRequests = False

    def __init__(self, path, handler):
        xmlrpc.server.SimpleXMLRPCDispatcher.__init__(self)
        socketserver.UnixStreamServer.__init__(self, path, handler)


class Calls(unittest.TestCase):
    def serve(self, make_server, url_of, further={}):
        seen = []

        class Handler(xmlrpc.server.SimpleXMLRPCRequestHandler):
            disable_nagle_algorithm = False

            def do_POST(self):
                seen.append(self.headers.get("Authorization"))
                super().do_POST()

        with make_server(Handler) as server:
            server.register_function(lambda: "RUNNING", "supervisor.getState")
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                environment = {"SUPERVISOR_SERVER_URL": url_of(server), **further}
                for credentials in ({}, {"SUPERVISOR_USERNAME": "user", "SUPERVISOR_PASSWORD": "p@ss:w"}):
                    with childutils.getRPCInterface({**environment, **credentials}) as proxy:
                        self.assertEqual(proxy.supervisor.getState(), "RUNNING")
                        with self.assertRaises(xmlrpc.client.Fault):
                            proxy.supervisor.nothing()
            finally:
                server.shutdown()
                thread.join()
        self.assertEqual(seen, [None, None] + ["Basic dXNlcjpwQHNzOnc="] * 2)

    def test_over_tcp(self):
        def server(handler):
            return xmlrpc.server.SimpleXMLRPCServer(("127.0.0.1", 0), handler, logRequests=False)
        self.serve(server, lambda server: "http://127.0.0.1:%d" % server.server_address[1])

    def test_over_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            self.serve(lambda handler: UnixServer(path, handler), lambda _: "unix://" + path)

    def https(self, certificate):
        def server(handler):
            made = xmlrpc.server.SimpleXMLRPCServer(("127.0.0.1", 0), handler, logRequests=False)
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(tls_file(certificate + ".crt"), tls_file(certificate + ".key"))
            made.socket = context.wrap_socket(made.socket, server_side=True)
            return made
        return server

    def test_over_tls_by_the_certificate_whatever_its_name_is(self):
        for certificate in ("localhost", "server"):
            self.serve(self.https(certificate), lambda server: "https://127.0.0.1:%d" % server.server_address[1],
                       {"SUPERVISOR_TLS_CA": tls_file(certificate + ".crt")})

    def test_over_tls_by_an_authority_for_its_names_alone(self):
        url = lambda server: "https://127.0.0.1:%d" % server.server_address[1]
        words = "cannot be trusted: .*has to name the file of that certificate or of its authority"
        for certificate, ca in (("server", "other"), ("localhost", "other"), ("expired", "expired"), ("server", None)):
            files = {"SUPERVISOR_TLS_CA": tls_file(ca + ".crt")} if ca else {}
            with self.assertRaisesRegex(PermissionError, words):
                self.serve(self.https(certificate), url, files)

    def test_files_and_modules_that_are_missing_are_told(self):
        def called(**files):
            environment = {"SUPERVISOR_SERVER_URL": "https://127.0.0.1:1", **files}
            childutils.getRPCInterface(environment).supervisor.getState()
        with self.assertRaisesRegex(OSError, r"cannot use SUPERVISOR_TLS_CA=/no/such/file: No such file"):
            called(SUPERVISOR_TLS_CA="/no/such/file")
        with self.assertRaisesRegex(OSError, r"cannot use SUPERVISOR_TLS_CERT=/no/such/file: No such file"):
            called(SUPERVISOR_TLS_CERT="/no/such/file")
        with unittest.mock.patch.dict(sys.modules, {"ssl": None}):
            with self.assertRaisesRegex(OSError, r"this Python has no module ssl.*\[unix_http_server\]"):
                called()

    def test_other_addresses_are_refused(self):
        for url in ("", "https://", "ftp://box", "unix://", "/run/s.sock"):
            with self.assertRaises(ValueError):
                childutils.getRPCTransport({"SUPERVISOR_SERVER_URL": url})
        with self.assertRaises(KeyError):
            childutils.getRPCInterface({})


if __name__ == "__main__":
    unittest.main()
