"""The pages of 2006, as browsers, bookmarks, `curl` and programs that read them know them: what each shows of the same
programs in each state, what each action answers, what is static. Layout may differ; elements, attributes, links and texts
that a reader of the page can hold on to may not."""
import html.parser
import http.client
import re
import urllib.parse

PROGRAMS = """
[inet_http_server]
port=127.0.0.1:{port}
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={dir}/cat.log
[program:a"quoted"&é<b>]
command=/bin/cat
startsecs=0
[program:stopped]
command=/bin/cat
autostart=false
startsecs=0
[program:fatal]
command=/nonexistent/program
startretries=0
[program:exits]
command=/bin/true
startsecs=0
autorestart=false
[program:fails]
command=/bin/false
autostart=false
startretries=0
[program:plain]
command=/etc/hostname
autostart=false
[program:starting]
command=/bin/cat
startsecs=1000
[program:backoff]
command=/bin/false
startsecs=1
startretries=1000
[program:nolog]
command=/bin/cat
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
[program:pair]
command=/bin/cat
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
"""

HEADERS = ("Location", "Content-Type", "Pragma", "Cache-Control", "Expires")
TIMES = (re.compile(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}"), re.compile(r"\w{3}%20\w{3}%20(%20|\d)\d%20\d\d%3A\d\d%3A\d\d%20\d{4}"))
VOID = {"img", "input", "link", "meta", "br"}


class Page(html.parser.HTMLParser):
    """Elements in their order, each with its attributes and the text that stands directly in it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        element = [tag, dict(attributes), ""]
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def of(self, *tags):
        return [[tag, attributes, text if tag == "pre" else " ".join(text.split())]
                for tag, attributes, text in self.elements if tag in tags]


def ask(d, path, method="GET", body=None, headers=()):
    connection = http.client.HTTPConnection("127.0.0.1", d.port, timeout=30)
    connection.request(method, urllib.parse.quote(path, safe="/?&=%+:;,*"), body, dict(headers))
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer, text


def heads(answer):
    shown = {name: answer.getheader(name) for name in HEADERS}
    if shown["Location"]:
        for time in TIMES:
            shown["Location"] = time.sub("<ctime>", shown["Location"])
    return [answer.status, answer.reason, shown]


def settled(d):
    d.start()
    for name, state in (("cat", "RUNNING"), ("fatal", "FATAL"), ("exits", "EXITED"), ("starting", "STARTING"), ("backoff", "BACKOFF")):
        d.wait_state(name, state)


def in_backoff(d, path, **options):
    """The page while `backoff` waits for its next start: it tries again now and then."""
    for _ in range(20):
        d.wait_state("backoff", "BACKOFF")
        answer, text = ask(d, path, **options)
        if ">backoff</span>" in text:
            break
    return answer, text


def note_status_page(d, label, path, **options):
    answer, text = in_backoff(d, path, **options)
    d.note(f"{label}: head", heads(answer))
    # The foot tells versions and names.
    text = text.partition('id="footer"')[0]
    page, body = Page(text), text.partition("<body")[2]
    d.note(f"{label}: title", page.of("title", "link"))
    d.note(f"{label}: message and buttons", [page.of("form"), page.of("ul")[:1],
           [element for element in page.of("div") if set(element[1]) & {"id", "class"}]])
    d.note(f"{label}: foot", [all(word in ask(d, path)[1] for word in ('<div class="clr" id="footer">', "supervisord.org", "&copy; 2006-"))])
    d.note(f"{label}: cells", page.of("th", "tr", "td", "span", "a", "li"))
    # grep counts lines.
    d.note(f"{label}: lines", [sum(word in line for line in body.splitlines())
                               for word in ("statusrunning", "statuserror", "statusnominal", "tail.html", "action=stop", "<tr", "</tr>")])


@scenario(conf=PROGRAMS)
def status(d):
    settled(d)
    for path in ("/", "/index.html", "//index.html", "/%69ndex.html?x=y", "/?message=", "/?action=&processname=cat"):
        answer, text = ask(d, path)
        d.note(f"{path}: head", heads(answer))
        d.note(f"{path}: title", Page(text).of("title"))
    note_status_page(d, "page", "/")
    note_status_page(d, "posted", "/", method="POST", body="x=y", headers={"Content-Type": "application/x-www-form-urlencoded"})
    for message in ("done", "a+b%20c", "<script>alert(1)</script>", '"quoted" \'s', "a%26b", "%C3%A9%ff", "one&message=two", "a;b"):
        answer, text = ask(d, f"/?message={message}")
        d.note(f"message {message}", [element for element in Page(text).of("div") if element[1].get("class") in ("status_msg", "hidden")])
    answer, text = ask(d, "/?message=a%26lt;b")
    d.note("entity in a message", [element for element in Page(text).of("div") if element[1].get("class") in ("status_msg", "hidden")])


@scenario(conf="[inet_http_server]\nport=127.0.0.1:{port}\n")
def nothing_to_manage(d):
    d.start()
    text = ask(d, "/")[1]
    d.note("no programs", ["No programs to manage" in text, Page(text).of("table", "tr", "form", "ul")])


@scenario(conf=PROGRAMS)
def actions(d):
    settled(d)
    for query in (
        "action=refresh", "action=refresh&processname=nosuch", "processname=cat&action=stop", "processname=cat&action=stop",
        "processname=cat&action=start", "processname=cat&action=start", "processname=cat&action=restart", "processname=stopped&action=restart",
        "processname=cat&action=clearlog", "processname=nolog&action=clearlog", "processname=pair:pair_0&action=stop",
        "processname=pair%3Apair_0&action=start", "processname=pair:*&action=stop", "processname=pair&action=stop",
        "processname=pair:&action=stop", "processname=:&action=stop", "processname=nosuch&action=start", "processname=nosuch:x&action=restart",
        "processname=cat:cat&action=stop", "processname=cat:cat&action=start", "processname=fatal&action=start",
        "processname=fatal&action=restart", "processname=fails&action=start", "processname=plain&action=start",
        "processname=starting&action=start", "processname=backoff&action=stop", "processname=exits&action=stop",
        "processname=a%22quoted%22%26%C3%A9%3Cb%3E&action=stop", "processname=a%22quoted%22%26%C3%A9<b>&action=start",
        "processname=<b>&action=start", "processname=a%0d%0aX:%20y&action=start",
        "action=start", "action=nosuch", "action=nosuch&processname=cat", "processname=&action=stop", "action=Start&processname=cat",
        "action=stop&action=start&processname=stopped&processname=cat", "action=refresh&message=x",
    ):
        answer, text = ask(d, f"/index.html?{query}")
        d.note(query, [heads(answer), text])
        d.note(f"{query}: then", {name: d.state(name) for name in ("cat", "stopped", "pair:pair_0", "pair:pair_1", "exits")})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for query, body in (("", "processname=cat&action=stop"), ("?processname=cat&action=stop", "action=start"),
                        ("", "action=stop&action=start&processname=nosuch&processname=cat"), ("", "action=refresh&x"), ("?action=refresh", "x=y")):
        answer, text = ask(d, f"/{query}", "POST", body, form)
        d.note(f"POST {query} {body}", [heads(answer), text])


@scenario(conf="""
[inet_http_server]
port=127.0.0.1:{port}
[program:cat]
command=/bin/cat
startsecs=0
[program:slow]
command=/bin/sh -c "trap 'sleep 1; exit' TERM; echo up; while :; do sleep 0.1; done"
startsecs=1
autostart=false
stdout_logfile={dir}/slow.log
[program:fatal]
command=/nonexistent/program
autostart=false
""")
def actions_on_all(d):
    d.start()
    d.wait_state("cat", "RUNNING")
    for action in ("restartall", "stopall", "stopall", "restartall"):
        answer, text = ask(d, f"/?action={action}")
        d.note(action, [heads(answer), text])
        d.note(f"{action}: then", {name: d.state(name) for name in ("cat", "slow", "fatal")})


@scenario(conf=PROGRAMS)
def where_an_action_leads(d):
    settled(d)
    for host in ("box.example", "box.example:80", "box.example:9001", "[::1]:9001", "Box.Example", "127.0.0.1:{port}"):
        answer, _ = ask(d, "/?action=refresh", headers={"Host": d.fill(host)})
        d.note(f"Host {host}", heads(answer))
    forwarded = {"Host": "in.example", "X-Forwarded-Host": "out.example", "X-Forwarded-Proto": "https"}
    d.note("a proxy's headers", heads(ask(d, "/?action=refresh", headers=forwarded)[0]))
    d.note("no Host", [b"\r\nLocation: http://" in d.raw(b"GET /?action=refresh HTTP/1.0\r\n\r\n", tcp=True, note=False)])


@scenario(conf=PROGRAMS)
def tail(d):
    settled(d)
    d.write("cat.log", "".join(f"line {number} <b> & \"é\"\n" for number in range(300)), 0o644)
    for query in ("", "?processname=cat", "?processname=cat&limit=10", "?processname=cat&limit=1500", "?processname=cat&limit=0",
                  "?processname=cat&limit=-5000", "?processname=cat&limit=x", "?processname=cat&limit=1%2B", "?processname=cat&limit=100000",
                  "?processname=nosuch", "?processname=pair:*", "?processname=pair", "?processname=pair:pair_1", "?processname=nolog",
                  "?processname=", "?processname=<script>alert(1)</script>", "?limit=5", "?processname=cat&processname=nosuch",
                  "?processname=a%22quoted%22%26%C3%A9<b>"):
        answer, text = ask(d, f"/tail.html{query}")
        d.note(f"tail {query}", [heads(answer), Page(text).of("title", "pre", "a", "form", "input")])
    answer, text = ask(d, "/tail.html", "POST", "processname=cat&limit=1200", {"Content-Type": "application/x-www-form-urlencoded"})
    d.note("tail posted", [heads(answer), Page(text).of("title", "pre", "a")])
    d.write("cat.log", "a&lt;b\n", 0o644)
    d.note("entity in a log", Page(ask(d, "/tail.html?processname=cat")[1]).of("pre"))


@scenario(conf=PROGRAMS)
def static_files(d):
    d.start()
    for path in ("/stylesheets/supervisor.css", "/images/icon.png", "/images/supervisor.gif", "/images/rule.gif", "/images/state0.gif",
                 "/images/state1.gif", "/images/state2.gif", "/images/state3.gif", "//images/rule.gif", "/images/%72ule.gif"):
        answer, text = ask(d, path)
        d.note(path, [answer.status, answer.getheader("Content-Type"), answer.getheader("Last-Modified") is not None, bool(text)])
        again = ask(d, path, headers={"If-Modified-Since": answer.getheader("Last-Modified") or ""})
        d.note(f"{path} again", [again[0].status, again[1]])
        older = ask(d, path, headers={"If-Modified-Since": "Thu, 01 Jan 1998 00:00:00 GMT"})
        d.note(f"{path} since long", older[0].status)
        head = ask(d, path, "HEAD")
        d.note(f"HEAD {path}", [head[0].status, head[0].getheader("Content-Type"), head[1]])
        d.note(f"POST {path}", ask(d, path, "POST", "")[0].status)
    for path in ("/images/nosuch.gif", "/images/", "/stylesheets/", "/images/../../web.py", "/..%2f..%2fweb.py", "/images/%2e%2e/%2e%2e/web.py",
                 "/IMAGES/rule.gif", "/supervisor.css", "/favicon.ico", "/robots.txt"):
        answer, text = ask(d, path)
        d.note(path, [answer.status, text])
    for path in ("/images", "/stylesheets"):
        answer, _ = ask(d, path)
        d.note(path, [answer.status, (answer.getheader("Location") or "").rpartition(path)[1:]])
    for line in ("HEAD /", "HEAD /index.html", "HEAD /ok.html", "PUT /", "DELETE /index.html", "PUT /tail.html"):
        method, path = line.split()
        d.note(line, ask(d, path, method, "" if method == "PUT" else None)[0].status)
    answer, text = ask(d, "/ok.html")
    d.note("/ok.html", [heads(answer), text])


@scenario(conf="""
[inet_http_server]
port=127.0.0.1:{port}
[program:slow]
command=/bin/sh -c "trap '' TERM; echo up; while :; do sleep 0.1; done"
startsecs=0
stopwaitsecs=6
stdout_logfile={dir}/slow.log
""")
def in_a_shutdown(d):
    d.start()
    d.until(lambda: "up" in (d.text("slow.log") or ""))
    d.call("supervisor.shutdown")
    d.wait_state("slow", "STOPPING", "['fault', 6, 'SHUTDOWN_STATE']")
    for path in ("/", "/index.html", "/?action=refresh", "/?action=stopall", "/index.html?processname=slow&action=start",
                 "/tail.html", "/tail.html?processname=slow", "/ok.html", "/stylesheets/supervisor.css"):
        d.note(path, ask(d, path)[0].status)
