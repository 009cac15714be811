//! Whether supervisorctl can reach what is configured.

use super::Lint;
use crate::command_line::ClientOptions;
use crate::config::{Config, HttpServerAddress, HttpServerConfig};
use crate::context::Context;
use crate::diagnostics::Place;
use crate::problem::Problem;
use crate::sections::plugins::RpcInterfaceFactory;
use crate::sections::supervisorctl::read_supervisorctl;
use crate::server_reach::{host_and_port, is_any, is_reached, is_this_machine};

const INTERFACE: &str = "add [rpcinterface:supervisor] with \
                         supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface";

pub(super) fn what_cannot_be_reached(context: &Context, config: &Config) -> Vec<Lint> {
    let mut lints = Vec::new();
    let client = context.document.section("supervisorctl");
    // Who is controlled by nobody lacks nothing.
    if let Some(server) = config.http_servers.first() {
        let has_interface = config
            .rpcinterfaces
            .iter()
            .any(|made| made.name == "supervisor" && made.built_in() == Some(RpcInterfaceFactory::Supervisor));
        if !has_interface {
            let message = "there is no [rpcinterface:supervisor]: this server answers nothing that supervisorctl asks";
            lints.push(about_server(server, message, INTERFACE));
        }
        if client.is_none() {
            let message = "there is no [supervisorctl]: supervisorctl does not take this file";
            let url = url_of(server);
            lints.push(about_server(server, message, &format!("add [supervisorctl] with serverurl = {url}")));
        }
    }
    let Some(section) = client else { return lints };
    // What it would not take is told elsewhere.
    let Ok(client) = read_supervisorctl(context, section, &ClientOptions::default()) else { return lints };
    let lint =
        |message: String, hint: &str| Lint::about_option(context, section, "serverurl", message, Some(hint.to_owned()));
    let url = &client.server_url;
    if config.http_servers.is_empty() {
        if is_this_machine(url) {
            let message = format!("supervisorctl is to use {url}, and there is no server that listens");
            lints.push(lint(message, &server_for(url)));
        }
    } else if is_this_machine(url) && !config.http_servers.iter().any(|server| is_reached(url, &server.address)) {
        let there: Vec<String> = config.http_servers.iter().map(url_of).collect();
        let message = format!("supervisorctl is to use {url}, where none of the servers listens");
        lints.push(lint(message, &format!("serverurl = {}", there.join(" or "))));
    }
    lints
}

fn about_server(server: &HttpServerConfig, message: &str, hint: &str) -> Lint {
    let place: Place = server.place.clone();
    let problem = Problem::warning(message).at(place).in_section(&server.section);
    Lint::about(problem.with_hint(Some(hint.to_owned())))
}

/// The section of a server that this URL would reach.
fn server_for(url: &str) -> String {
    match (host_and_port(url), url.strip_prefix("unix://")) {
        (Some((host, Some(port))), _) if host == "localhost" || is_any(&host) => {
            format!("add [inet_http_server] with port = 127.0.0.1:{port}")
        }
        (Some((host, Some(port))), _) => format!("add [inet_http_server] with port = {host}:{port}"),
        (None | Some((_, None)), Some(path)) => format!("add [unix_http_server] with file = {path}"),
        (None | Some((_, None)), None) => "add [unix_http_server] with file = /run/supervisor.sock".to_owned(),
    }
}

fn url_of(server: &HttpServerConfig) -> String {
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    match &server.address {
        HttpServerAddress::Unix { path, .. } => format!("unix://{}", path.display()),
        HttpServerAddress::Inet { host, port } if is_any(host) => format!("{scheme}://localhost:{port}"),
        HttpServerAddress::Inet { host, port } if host.contains(':') => {
            format!("{scheme}://[{}]:{port}", host.trim_matches(['[', ']']))
        }
        HttpServerAddress::Inet { host, port } => format!("{scheme}://{host}:{port}"),
    }
}
