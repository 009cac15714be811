//! `[supervisorctl]` (contract/config.md §5.8).

use super::{DataType, DefaultValue, OptionRow, Reading, Row, data_type, options};

options! {
    /// `[supervisorctl]`
    supervisorctl {
        SERVERURL: "serverurl", Url, Text("http://localhost:9001"), "where supervisord listens";
        USERNAME: "username", Text, Unset, "name to log in with";
        PASSWORD: "password", Text, Unset, "password to log in with";
        PROMPT: "prompt", Text, Text("supervisor"), "what the shell prompts with";
        HISTORY_FILE: "history_file", Path, Unset, "where the shell keeps its history";
        TLS_CA: "tls_ca", Path, Unset, "authorities (PEM) that may have signed the certificate of an https server; unset: those of the system";
        TLS_CERT: "tls_cert", Path, Unset, "certificate chain (PEM) to show to an https server that asks for one";
        TLS_KEY: "tls_key", Path, Unset, "private key of that certificate (PEM)";
    }
}
