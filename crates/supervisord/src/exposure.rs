//! Whether a server stands open to other machines: then it needs a password, or the word of the administrator.
//!
//! Whoever reaches a server without a password can start, stop and remove programs as the user that supervisord runs
//! as. Upstream warns in its log; here such a configuration is refused, at the start, at a reread and before a restart
//! stops anything (COMPATIBILITY.md, N09). A socket file has its mode; loopback is this machine alone.

use std::net::{IpAddr, ToSocketAddrs as _};

use supervisor_config::{HttpServerAddress, HttpServerConfig};

/// Refuses servers that other machines can reach and that admit everybody.
///
/// # Errors
/// One line that names section, file, line and what can be done.
pub(crate) fn refuse_open_doors(servers: &[HttpServerConfig]) -> Result<(), String> {
    match servers.iter().find_map(|server| Some((server, open_door(server)?))) {
        None => Ok(()),
        Some((server, door)) => {
            let (section, place) = (&server.section, &server.place);
            let (file, line) = (&place.file, place.line);
            Err(format!(
                "[{section}] listens on {door}, where other machines can reach it, and asks for no password, so that \
                 anybody there could start, stop and remove programs (file {file}, line {line}). Set username= and \
                 password= in [{section}]; or listen on this machine alone with port=127.0.0.1:{port} or a \
                 [unix_http_server]; or, if something else keeps strangers away, set allow_insecure=true in \
                 [{section}]",
                port = door.port
            ))
        }
    }
}

/// Where a server stands open.
struct Door<'s> {
    host: &'s str,
    port: u16,
}

impl std::fmt::Display for Door<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host {
            "" => write!(f, "every address, port {}", self.port),
            host => write!(f, "{host}, port {}", self.port),
        }
    }
}

fn open_door(server: &HttpServerConfig) -> Option<Door<'_>> {
    let HttpServerAddress::Inet { host, port } = &server.address else { return None };
    let asks_for_a_password = server.username.as_deref().is_some_and(|username| !username.is_empty());
    let asks_for_a_certificate = server.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let is_kept = asks_for_a_password || asks_for_a_certificate || server.allow_insecure || is_this_machine_alone(host);
    (!is_kept).then_some(Door { host, port: *port })
}

/// Whether a host means loopback. A name that means nothing opens no door; binding it will tell.
fn is_this_machine_alone(host: &str) -> bool {
    if host.is_empty() {
        return false;
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host == "localhost" {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    match (host, 0).to_socket_addrs() {
        Ok(mut addresses) => addresses.all(|address| address.ip().to_canonical().is_loopback()),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use supervisor_config::{Place, TlsFiles};

    use super::*;

    fn server(host: &str) -> HttpServerConfig {
        HttpServerConfig {
            section: "inet_http_server".to_owned(),
            address: HttpServerAddress::Inet { host: host.to_owned(), port: 9001 },
            username: None,
            password: None,
            place: Place { file: "/etc/supervisord.conf".into(), line: 7, column: 6 },
            allow_insecure: false,
            allowed_hosts: vec![],
            tls: None,
        }
    }

    fn is_refused(server: HttpServerConfig) -> bool {
        refuse_open_doors(&[server]).is_err()
    }

    #[test]
    fn other_machines_need_a_password() {
        for host in ["", "0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "192.0.2.7"] {
            assert!(is_refused(server(host)), "{host}");
            assert!(!is_refused(HttpServerConfig { username: Some("u".to_owned()), ..server(host) }), "{host}");
            assert!(is_refused(HttpServerConfig { username: Some(String::new()), ..server(host) }), "{host}");
            assert!(!is_refused(HttpServerConfig { allow_insecure: true, ..server(host) }), "{host}");
        }
    }

    #[test]
    fn this_machine_alone_needs_none() {
        for host in ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "::ffff:127.0.0.1", "localhost", "no-such-host.invalid"]
        {
            assert!(!is_refused(server(host)), "{host}");
        }
        let path = PathBuf::from("/run/s.sock");
        let address = HttpServerAddress::Unix { path, mode: 0o700, owner: None };
        assert!(!is_refused(HttpServerConfig { address, ..server("") }));
    }

    #[test]
    fn a_certificate_of_the_client_is_as_good_as_a_password() {
        let tls = |client_ca| Some(TlsFiles { certificate: "/c".into(), key: "/k".into(), client_ca });
        assert!(!is_refused(HttpServerConfig { tls: tls(Some("/ca".into())), ..server("") }));
        assert!(is_refused(HttpServerConfig { tls: tls(None), ..server("") }));
    }

    #[test]
    fn the_refusal_is_one_line_that_says_what_to_do() {
        let text = refuse_open_doors(&[server("127.0.0.1"), server("")]).unwrap_err();
        assert_eq!(
            text,
            "[inet_http_server] listens on every address, port 9001, where other machines can reach it, and asks for \
             no password, so that anybody there could start, stop and remove programs (file /etc/supervisord.conf, \
             line 7). Set username= and password= in [inet_http_server]; or listen on this machine alone with \
             port=127.0.0.1:9001 or a [unix_http_server]; or, if something else keeps strangers away, set \
             allow_insecure=true in [inet_http_server]"
        );
    }
}
