//! What `[fcgi-program:x]` adds to a program: the socket that its processes share (contract/config.md §5.4).

use std::collections::HashMap;
use std::sync::Arc;

use nix::unistd::getuid;
use supervisor_core::{GroupConfig, GroupKind, SocketAddress, SocketConfig, SocketOwner};

use crate::context::Context;
use crate::datatypes::{Checked, UserDatabase, file_mode, integer, octal, port_number, process_or_group_name};
use crate::diagnostics::ConfigError;
use crate::expand::Names;
use crate::ini::{Section, name_after_colon};
use crate::options_table::{fcgi_program as rows, program};
use crate::process_config::{ProcessBuilder, ProcessSource};
use crate::python_format::Value;
use crate::python_number::digit_value;
use crate::python_path::{normalize, text_of};
use crate::python_repr::Repr;
use crate::python_text::is_space;

/// Reads a FastCGI program that is no member of a group.
pub(crate) fn read_fcgi_program(
    builder: &mut ProcessBuilder<'_>,
    sockets: &mut SocketTable,
    section: &Section,
) -> Result<Option<GroupConfig>, ConfigError> {
    let context = builder.context;
    let here = [context.here_word()];
    let reader = context.reader(section, &here);
    let Some(name) = reader.name_of_section()? else { return Ok(None) };
    let priority = reader.value(&program::PRIORITY)?;
    let socket = sockets.of_program(context, section)?;
    let processes = builder.build(ProcessSource {
        section,
        group_name: name,
        group: None,
        socket: socket.as_ref(),
        options: None,
    })?;
    Ok(Some(GroupConfig { name: name.into(), priority, kind: GroupKind::FastCgi, processes }))
}

/// The sockets by the name of their section: a program that is in several groups has one socket.
#[derive(Debug, Default)]
pub(crate) struct SocketTable(HashMap<Box<str>, Option<Arc<SocketConfig>>>);

type Socket = Option<Arc<SocketConfig>>;

impl SocketTable {
    fn of_program(&mut self, context: &Context, section: &Section) -> Result<Socket, ConfigError> {
        if let Some(known) = self.0.get(&section.name) {
            return Ok(known.clone());
        }
        let socket = read_socket(context, section)?.map(Arc::new);
        self.0.insert(section.name.clone(), socket.clone());
        Ok(socket)
    }

    /// The socket of a member of a group (quirks.md F16). Upstream never looks at it: there it may be missing or empty.
    pub(crate) fn of_member(&mut self, context: &Context, section: &Section) -> Result<Socket, ConfigError> {
        if !section.name.starts_with("fcgi-program:") {
            return Ok(None);
        }
        if context.document.get(section, rows::SOCKET.name).is_none_or(|entry| entry.value.is_empty()) {
            let text = format!("For [{}], no socket is set, it runs as a program without one", section.name);
            context.warn(text, Some(&section.place));
            return Ok(None);
        }
        self.of_program(context, section)
    }
}

/// Who may reach a unix socket, as far as the file says.
struct SocketAccess {
    user: Option<u32>,
    owner: Option<SocketOwner>,
    mode: Option<u32>,
}

fn read_socket(context: &Context, section: &Section) -> Result<Option<SocketConfig>, ConfigError> {
    let here = [context.here_word()];
    let reader = context.reader(section, &here);
    let user = reader.optional(&program::USER)?;
    let backlog = reader.optional_as(&rows::SOCKET_BACKLOG, backlog)?;
    let owner = reader.optional_as(&rows::SOCKET_OWNER, |value| {
        context.users.owner(value).map_err(|_| format!("Invalid socket_owner value {value}"))
    })?;
    let mode = reader.optional_as(&rows::SOCKET_MODE, |value| {
        octal(value).map(file_mode).map_err(|_| format!("Invalid socket_mode value {value}"))
    })?;
    let name = process_or_group_name(name_after_colon(&section.name)).unwrap_or("");
    let words = [context.here_word(), ("program_name", Value::Text(name))];
    let socket_reader = reader.with_names(Names::new(&context.environment, &words));
    let Some(socket) = socket_reader.text(&rows::SOCKET)?.filter(|socket| !socket.is_empty()) else {
        reader.refuse(&rows::SOCKET, format!("[{}] section requires a \"socket\" line", section.name))?;
        return Ok(None);
    };
    match socket_address(&socket, &SocketAccess { user, owner, mode }) {
        Ok((url, address)) => Ok(Some(SocketConfig { url, address, backlog })),
        Err(text) => reader.refuse(&rows::SOCKET, format!("{text} in [{}] socket", section.name)).map(|()| None),
    }
}

fn backlog(text: &str) -> Checked<u32> {
    let number = integer(text)?;
    let backlog = u32::try_from(number).ok().filter(|backlog| (1..=65_535).contains(backlog));
    backlog.ok_or_else(|| format!("Invalid socket_backlog value {number}"))
}

fn socket_address(text: &str, access: &SocketAccess) -> Checked<(Box<str>, SocketAddress)> {
    if let Some(path) = text.strip_prefix("unix://") {
        if !path.starts_with('/') {
            // Upstream prints its words and the path as the pair they are to it.
            return Err(format!("('Unix socket path %s is not an absolute path', {})", Repr(path)));
        }
        let path = text_of(&normalize(path.as_ref()));
        let owner = access.owner.or_else(|| access.user.and_then(owner_for));
        let mode = access.mode.unwrap_or(0o700);
        let url = format!("unix://{path}").into();
        return Ok((url, SocketAddress::Unix { path: path.into(), owner, mode }));
    }
    if access.owner.is_some() || access.mode.is_some() {
        return Err("socket_owner and socket_mode params should only be used with a Unix domain socket".to_owned());
    }
    let (host, port) = tcp_parts(text).ok_or_else(|| format!("('Bad socket format %s', {})", Repr(text)))?;
    let (host, port) = (host.to_lowercase(), port_number(integer(port)?)?);
    Ok((format!("tcp://{host}:{port}").into(), SocketAddress::Tcp { host: host.into(), port }))
}

/// A program that runs as another user than supervisord gets a socket of its own user.
fn owner_for(user: u32) -> Option<SocketOwner> {
    (user != getuid().as_raw()).then(|| SocketOwner { uid: user, gid: UserDatabase::primary_gid(user) })
}

fn tcp_parts(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.strip_prefix("tcp://")?.split_once(':')?;
    let is_host = !host.is_empty() && !host.contains(is_space);
    let is_port = !port.is_empty() && port.chars().all(|character| digit_value(character).is_some());
    (is_host && is_port).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_ACCESS: SocketAccess = SocketAccess { user: None, owner: None, mode: None };

    fn url(text: &str) -> Result<String, String> {
        socket_address(text, &NO_ACCESS).map(|(url, _)| url.into())
    }

    #[test]
    fn sockets() {
        assert_eq!(url("tcp://LocalHost:80"), Ok("tcp://localhost:80".to_owned()));
        assert_eq!(url("unix:///a/../b//c"), Ok("unix:///b/c".to_owned()));
        let default = SocketAddress::Unix { path: "/s".into(), owner: None, mode: 0o700 };
        assert_eq!(socket_address("unix:///s", &NO_ACCESS), Ok(("unix:///s".into(), default)));
        for text in ["bogus", "tcp://a", "tcp://:80", "tcp://a b:80", "tcp://a:b:80", "tcp://a:80x", "TCP://a:80"] {
            assert_eq!(url(text), Err(format!("('Bad socket format %s', '{text}')")));
        }
        assert_eq!(url("unix://a/b"), Err("('Unix socket path %s is not an absolute path', 'a/b')".to_owned()));
        assert_eq!(url("tcp://a:65536"), Err("65536 is above upper bound (65535)".to_owned()));
        assert_eq!(url("tcp://a:0"), Err("0 is below lower bound (1)".to_owned()));
    }

    #[test]
    fn owner_and_mode_are_for_unix_sockets() {
        let access = SocketAccess { user: None, owner: None, mode: Some(0o777) };
        let error = "socket_owner and socket_mode params should only be used with a Unix domain socket";
        assert_eq!(socket_address("tcp://a:80", &access), Err(error.to_owned()));
        assert!(socket_address("unix:///s", &access).is_ok());
    }

    #[test]
    fn backlogs() {
        assert_eq!(backlog("65535"), Ok(65_535));
        assert_eq!(backlog("0"), Err("Invalid socket_backlog value 0".to_owned()));
        assert_eq!(backlog("x"), Err("invalid literal for int() with base 10: 'x'".to_owned()));
    }
}
