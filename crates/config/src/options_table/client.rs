//! `[supervisorctl]` (contract/config.md §5.8).

use super::{DataType, DefaultValue, OptionRow, options};

options! {
    /// `[supervisorctl]`
    supervisorctl {
        SERVERURL: "serverurl", Url, Text("http://localhost:9001"), "where supervisord listens";
        USERNAME: "username", Text, Unset, "name to log in with";
        PASSWORD: "password", Text, Unset, "password to log in with";
        PROMPT: "prompt", Text, Text("supervisor"), "what the shell prompts with";
        HISTORY_FILE: "history_file", Path, Unset, "where the shell keeps its history";
    }
}
