"""Tests of supervisor_listener.py without a supervisord: python3 -m unittest discover python"""
import contextlib
import io
import os
import socketserver
import tempfile
import threading
import unittest
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


class UnixServer(socketserver.UnixStreamServer, xmlrpc.server.SimpleXMLRPCDispatcher):
    logRequests = False

    def __init__(self, path, handler):
        xmlrpc.server.SimpleXMLRPCDispatcher.__init__(self)
        socketserver.UnixStreamServer.__init__(self, path, handler)


class Calls(unittest.TestCase):
    def serve(self, make_server, url_of):
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
                environment = {"SUPERVISOR_SERVER_URL": url_of(server)}
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

    def test_other_addresses_are_refused(self):
        for url in ("", "https://box", "unix://", "/run/s.sock"):
            with self.assertRaises(ValueError):
                childutils.getRPCTransport({"SUPERVISOR_SERVER_URL": url})
        with self.assertRaises(KeyError):
            childutils.getRPCInterface({})


if __name__ == "__main__":
    unittest.main()
