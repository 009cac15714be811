//! HTTP servers, RPC namespaces, client plug-ins and `[include]` (contract/config.md §2.4, §5.2, §5.9).

use super::{DataType, DefaultValue, OptionRow, Reading, Row, data_type, options};

options! {
    /// `[unix_http_server]`
    unix_http_server {
        FILE: "file", Path, Required, "path of the socket";
        CHMOD: "chmod", Octal, Text("0700"), "its mode";
        CHOWN: "chown", Owner, Unset, "its owner";
        USERNAME: "username", Text, Unset, "name to log in with";
        PASSWORD: "password", Text, Unset, "password, or {SHA} and its SHA-1, or its argon2 hash";
        WEB_INTERFACE: "web_interface", WebInterface, Text("auto"), "which pages it shows";
        BASE_URL: "base_url", BaseUrl, Unset, "URL under which browsers reach it, where a proxy makes that another one";
        ANONYMOUS: "anonymous", AnonymousPaths, Text(""), "what it tells without a password";
        CLASSIC_ACTIONS: "classic_actions", Boolean, Text("false"), "links to actions that say not from where are carried out, not asked about";
    }
}

options! {
    /// `[inet_http_server]`
    inet_http_server {
        PORT: "port", InetAddress, Required, "where to listen";
        USERNAME: "username", Text, Unset, "name to log in with";
        PASSWORD: "password", Text, Unset, "password, or {SHA} and its SHA-1, or its argon2 hash";
        ALLOW_INSECURE: "allow_insecure", Boolean, Text("false"), "may be reached from other machines without a password";
        ALLOWED_HOSTS: "allowed_hosts", Names, Unset, "host names that browsers may use for it, besides this machine's own";
        WEB_INTERFACE: "web_interface", WebInterface, Text("auto"), "which pages it shows";
        BASE_URL: "base_url", BaseUrl, Unset, "URL under which browsers reach it, where a proxy makes that another one";
        ANONYMOUS: "anonymous", AnonymousPaths, Text(""), "what it tells without a password";
        CLASSIC_ACTIONS: "classic_actions", Boolean, Text("false"), "links to actions that say not from where are carried out, not asked about";
        TLS_CERT: "tls_cert", Path, Unset, "certificate chain (PEM): the server speaks HTTPS";
        TLS_KEY: "tls_key", Path, Unset, "private key of the certificate (PEM)";
        TLS_CLIENT_CA: "tls_client_ca", Path, Unset, "authorities (PEM), one of which has to have signed a client's certificate";
    }
}

options! {
    /// `[rpcinterface:x]`
    rpcinterface {
        FACTORY: "supervisor.rpcinterface_factory", Factory, Computed("required without command"), "what makes the methods of the namespace";
        COMMAND: "command", Text, Unset, "without a factory: the program that offers the methods of the namespace, an extension";
        ALLOW: "allow", Names, Computed("everything"), "of an extension: what it may ask of supervisord; * stands at the end for anything";
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
