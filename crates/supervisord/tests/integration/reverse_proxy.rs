//! supervisord behind a real nginx, configured as docs/reverse-proxy.md says, and as it comes.

use crate::support::{Program, TestDaemon, free_port, not_tested, project_root, testing_the_original, until};

/// `python3 browser.py PORT PATH ORIGIN METHOD HEADER…`: what a browser sends that asks `sup.example.com:PORT`; prints
/// the status, where it leads, and the first bytes of the body.
const BROWSER: &str = r#"
import socket, ssl, sys
proxy, path, origin, method = sys.argv[1:5]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
socket_ = socket.create_connection(("127.0.0.1", int(proxy)), 20)
asking = context.wrap_socket(socket_, server_hostname="sup.example.com")
body = "<?xml version='1.0'?><methodCall><methodName>supervisor.getState</methodName></methodCall>" if method == "POST" else ""
lines = [f"{method} {path} HTTP/1.1", f"Host: sup.example.com:{proxy}", f"Content-Length: {len(body)}", *sys.argv[5:]]
if origin:
    lines.append("Origin: " + origin)
asking.sendall("\r\n".join([*lines, "", body]).encode())
reader = asking.makefile("rb")
status = reader.readline().split()[1].decode()
location = ""
while header := reader.readline().strip():
    if header.lower().startswith(b"location:"):
        location = header.split(b":", 1)[1].strip().decode()
print(status, location, reader.read1(4000).decode())
"#;

const NGINX: &str = "daemon off;\nuser root;\nworker_processes 1;\npid {dir}/nginx.state;\nerror_log {dir}/nginx.errors;\n\
    events {}\nhttp {\naccess_log off;\nclient_body_temp_path {dir}/body;\nproxy_temp_path {dir}/proxied;\n\
    fastcgi_temp_path {dir}/fastcgi;\nuwsgi_temp_path {dir}/uwsgi;\nscgi_temp_path {dir}/scgi;\n";

/// The first example for nginx of the page, made to run here.
fn example(daemon: &TestDaemon, port: u16, named: u16) -> String {
    let page = std::fs::read_to_string(project_root().join("docs/reverse-proxy.md")).expect("the page is there");
    let (_, rest) = page.split_once("```nginx\n").expect("it has an example");
    let (example, _) = rest.split_once("```").expect("the example ends");
    let mut text = example.to_owned();
    for (written, here) in [
        ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
        ("/etc/ssl/sup.example.com.pem", daemon.filled_in("{dir}/c.pem")),
        ("/etc/ssl/sup.example.com.key", daemon.filled_in("{dir}/k.pem")),
        ("127.0.0.1:9001", daemon.filled_in("127.0.0.1:{port}")),
        (
            "    location /supervisor/ {",
            daemon.filled_in(BARE).replace("{named}", &named.to_string()) + "    location /supervisor/ {",
        ),
    ] {
        assert!(text.contains(written), "{written}");
        text = text.replace(written, &here);
    }
    text
}

/// As it comes: it says nothing of who asked it; to the server that knows the name, and to the one that does not.
const BARE: &str = "location /bare/ {\nproxy_pass http://127.0.0.1:{port}/;\n}\n\
    location /allowed/ {\nproxy_pass http://127.0.0.1:{named}/;\n}\n";

fn nginx(daemon: &TestDaemon, server: &str) -> Program {
    daemon.write("nginx.conf", &format!("{NGINX}{server}\n}}\n"));
    daemon.write("c.pem", include_str!("../tls/localhost.crt"));
    daemon.write("k.pem", include_str!("../tls/localhost.key"));
    daemon.write("browser.py", BROWSER);
    daemon.start_script(&daemon.filled_in("exec nginx -p {dir} -c {dir}/nginx.conf"))
}

#[test]
fn browsers_own_requests_pass_a_proxy_and_others_are_told_what_to_set() {
    if testing_the_original() {
        return;
    }
    if !std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|it| it.join("nginx").exists())) {
        not_tested("supervisord behind nginx: it is not installed (examples/web-stack/install.sh does that)");
        return;
    }
    let (proxy_port, second) = (free_port(), free_port());
    let servers = format!(
        "[inet_http_server]\nport=127.0.0.1:{{port}}\n\
         [inet_http_server:named]\nport=127.0.0.1:{second}\nallowed_hosts=sup.example.com:{proxy_port}\n"
    );
    let mut daemon = TestDaemon::started(&servers);
    let mut proxy = nginx(&daemon, &example(&daemon, proxy_port, second));
    let asked = |path: &str, origin: &str, method: &str, header: &str| {
        let script = format!("python3 browser.py {proxy_port} '{path}' '{origin}' {method} '{header}'");
        let ended = daemon.start_script(&script).wait_for_end();
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        ended.stdout
    };
    until("nginx listens", || std::net::TcpStream::connect(("127.0.0.1", proxy_port)).ok());
    let own = format!("https://sup.example.com:{proxy_port}");
    let none = "X: y";
    for (path, origin, header, status) in [
        ("/supervisor/RPC2", own.as_str(), none, "200"),
        ("/supervisor/RPC2", "https://sup.example.com", none, "403"),
        ("/supervisor/RPC2", "https://evil.example", none, "403"),
        ("/supervisor/RPC2", own.as_str(), "Sec-Fetch-Site: same-origin", "200"),
        ("/supervisor/RPC2", own.as_str(), "Sec-Fetch-Site: same-site", "403"),
        ("/bare/RPC2", own.as_str(), "Sec-Fetch-Site: same-origin", "200"),
        ("/bare/RPC2", own.as_str(), none, "403"),
        ("/allowed/RPC2", own.as_str(), none, "200"),
        ("/allowed/RPC2", "https://evil.example", none, "403"),
    ] {
        let answer = asked(path, origin, "POST", header);
        assert!(answer.starts_with(status), "{path} {origin} {header}: {answer}");
        if status == "200" {
            assert!(answer.contains("RUNNING"), "{answer}");
        }
    }
    let remedy = format!("allowed_hosts=sup.example.com:{proxy_port} in [inet_http_server].");
    let answer = asked("/bare/RPC2", &own, "POST", none);
    assert!(answer.contains(&remedy), "{answer}");
    let log = asked("/supervisor/mainlogtail", "", "GET", "User-Agent: Mozilla/5.0");
    assert!(log.starts_with("200 ") && log.contains("supervisord started"), "a log comes at once: {log}");
    // Below a path, with nothing set: links and what leads back are relative.
    for (path, title) in
        [("", "<title>Processes"), ("index.html", "<title>Supervisor Status</title>"), ("help", "<title>Help")]
    {
        let page = asked(&format!("/supervisor/{path}"), "", "GET", "Accept: text/html");
        assert!(page.starts_with("200 ") && page.contains(title), "{page}");
        assert!(!page.contains("href=\"/") && !page.contains("src=\"/") && !page.contains("action=\"/"), "{page}");
    }
    let style = asked("/supervisor/stylesheets/supervisor.css", "", "GET", none);
    assert!(style.starts_with("200 "), "{style}");
    let led_back = asked("/supervisor/index.html?action=refresh", "", "GET", "Accept: text/html");
    assert!(led_back.starts_with("301 ./?message=Page%20refreshed%20at%20"), "{led_back}");
    proxy.signal("TERM");
    proxy.wait_for_end();
    daemon.stop();
}
