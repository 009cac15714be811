//! Whether a server stands open to other machines without a password or the word of the administrator.
//!
//! Whoever reaches a server without a password can start, stop and remove programs as the user that supervisord runs
//! as. Programs come first, so such a server does not keep the file from starting: it is told as CRIT, as upstream
//! does, and answers this machine alone (COMPATIBILITY.md, N09). A socket file has its mode; loopback is this machine
//! alone.

use std::net::{IpAddr, ToSocketAddrs as _};

use supervisor_config::{HttpServerAddress, HttpServerConfig};

/// What is to be said of a server that other machines can reach and that would admit everybody, to the administrator
/// and to those machines: one line that names the section and what can be done. `None`: there is nothing to say. May
/// look up a host's name.
pub(crate) fn open_door(server: &HttpServerConfig) -> Option<String> {
    describe(server, is_this_machine_alone)
}

/// The same of a server that listens on this address.
pub(crate) fn open_door_at(server: &HttpServerConfig, address: IpAddr) -> Option<String> {
    describe(server, |_host| address.to_canonical().is_loopback())
}

fn describe(server: &HttpServerConfig, is_alone: impl FnOnce(&str) -> bool) -> Option<String> {
    let HttpServerAddress::Inet { host, port } = &server.address else { return None };
    if admits_strangers_only_with_proof(server) || server.allow_insecure || is_alone(host) {
        return None;
    }
    let (section, door) = (&server.section, Door { host, port: *port });
    Some(format!(
        "[{section}] listens on {door}, where other machines can reach it, and asks for no password, so it answers \
         requests from this machine alone. Set username= and password= in [{section}]; or listen on this machine \
         alone with port=127.0.0.1:{port} or a [unix_http_server]; or, if something else keeps strangers away, set \
         allow_insecure=true in [{section}]"
    ))
}

fn admits_strangers_only_with_proof(server: &HttpServerConfig) -> bool {
    let asks_for_a_password = server.username.as_deref().is_some_and(|username| !username.is_empty());
    let asks_for_a_certificate = server.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    asks_for_a_password || asks_for_a_certificate
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

    use supervisor_config::{Place, TlsFiles, WebConfig};

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
            web: WebConfig::default(),
        }
    }

    fn is_open(server: &HttpServerConfig) -> bool {
        open_door(server).is_some()
    }

    #[test]
    fn other_machines_need_a_password() {
        for host in ["", "0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "192.0.2.7"] {
            assert!(is_open(&server(host)), "{host}");
            assert!(!is_open(&HttpServerConfig { username: Some("u".to_owned()), ..server(host) }), "{host}");
            assert!(is_open(&HttpServerConfig { username: Some(String::new()), ..server(host) }), "{host}");
            assert!(!is_open(&HttpServerConfig { allow_insecure: true, ..server(host) }), "{host}");
        }
    }

    #[test]
    fn this_machine_alone_needs_none() {
        for host in ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "::ffff:127.0.0.1", "localhost", "no-such-host.invalid"]
        {
            assert!(!is_open(&server(host)), "{host}");
        }
        let path = PathBuf::from("/run/s.sock");
        let address = HttpServerAddress::Unix { path, mode: 0o700, owner: None };
        assert!(!is_open(&HttpServerConfig { address, ..server("") }));
    }

    #[test]
    fn a_certificate_of_the_client_is_as_good_as_a_password() {
        let tls = |client_ca| Some(TlsFiles { certificate: "/c".into(), key: "/k".into(), client_ca });
        assert!(!is_open(&HttpServerConfig { tls: tls(Some("/ca".into())), ..server("") }));
        assert!(is_open(&HttpServerConfig { tls: tls(None), ..server("") }));
    }

    #[test]
    fn where_it_listens_counts_and_not_what_its_host_is_called() {
        for (address, open) in
            [("127.0.0.1", false), ("::1", false), ("::ffff:127.0.0.1", false), ("192.0.2.7", true), ("::", true)]
        {
            let told = open_door_at(&server("a-name.invalid"), address.parse().unwrap());
            assert_eq!(told.is_some(), open, "{address}");
        }
    }

    #[test]
    fn it_is_one_line_that_says_what_to_do() {
        assert_eq!(
            open_door(&server("")).unwrap(),
            "[inet_http_server] listens on every address, port 9001, where other machines can reach it, and asks for \
             no password, so it answers requests from this machine alone. Set username= and password= in \
             [inet_http_server]; or listen on this machine alone with port=127.0.0.1:9001 or a [unix_http_server]; \
             or, if something else keeps strangers away, set allow_insecure=true in [inet_http_server]"
        );
    }
}
