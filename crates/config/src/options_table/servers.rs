//! HTTP servers, RPC namespaces, client plug-ins and `[include]` (contract/config.md §2.4, §5.2, §5.9).

use super::{DataType, DefaultValue, OptionRow, options};

options! {
    /// `[unix_http_server]`
    unix_http_server {
        FILE: "file", Path, Required, "path of the socket";
        CHMOD: "chmod", Octal, Text("0700"), "its mode";
        CHOWN: "chown", Owner, Unset, "its owner";
        USERNAME: "username", Text, Unset, "name to log in with";
        PASSWORD: "password", Text, Unset, "password, or {SHA} and its SHA-1";
    }
}

options! {
    /// `[inet_http_server]`
    inet_http_server {
        PORT: "port", InetAddress, Required, "where to listen";
        USERNAME: "username", Text, Unset, "name to log in with";
        PASSWORD: "password", Text, Unset, "password, or {SHA} and its SHA-1";
    }
}

options! {
    /// `[rpcinterface:x]`
    rpcinterface {
        FACTORY: "supervisor.rpcinterface_factory", Factory, Required, "what makes the methods of the namespace";
    }
}

options! {
    /// `[ctlplugin:x]`
    ctlplugin {
        FACTORY: "supervisor.ctl_factory", Factory, Required, "what makes the actions";
    }
}

options! {
    /// `[include]`
    include {
        FILES: "files", FilePatterns, Required, "further configuration files";
    }
}
