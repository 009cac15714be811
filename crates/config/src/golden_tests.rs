//! What Python and Supervisor 4.3.0 make of a few thousand inputs, and what we make of them. The outcomes were
//! generated once by tests/goldens/generate.py, which says how the file is written.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use supervisor_core::Autorestart;

use crate::command_line::{
    SupervisorctlCommand, SupervisordCommand, SupervisordOptions, parse_supervisorctl_command_line,
    parse_supervisord_command_line,
};
use crate::datatypes::{self, Checked, UserDatabase};
use crate::environment::parse_environment;
use crate::expand::{EnvironmentNames, Label, Names, expand};
use crate::glob::matches;
use crate::ini::Document;
use crate::load::{LoadRequest, load};
use crate::python_format::Value;
use crate::python_path::{Home, dirname, normalize};
use crate::python_repr::{Repr, ReprList};
use crate::shlex::split;

#[path = "../tests/goldens/dump.rs"]
mod dump;

use dump::{dump, gid, level_number};

const GOLDENS: &str = include_str!("../tests/goldens/python.txt");

/// The records of some kinds: kind, input, outcome.
fn records(kinds: &[&str]) -> Vec<(&'static str, String, String)> {
    let fields = |line: &'static str| {
        let mut fields = line.split('\t');
        let mut field = || fields.next().expect("a line has three fields");
        (field(), unescape(field()), unescape(field()))
    };
    let is_compared = |(kind, input, theirs): &(&str, String, String)| {
        kinds.contains(kind) && !asks_for_what_is_new(kind, input, theirs)
    };
    GOLDENS.lines().map(fields).filter(is_compared).collect()
}

/// What Python does not have: `supervisorctl --version` (N102), `supervisord -- command` (N200).
fn asks_for_what_is_new(kind: &str, input: &str, theirs: &str) -> bool {
    let words: Vec<&str> = input.split('\n').collect();
    let refuses_command = |(at, word): (usize, &&str)| {
        let behind: Vec<String> = words[at + 1..].iter().map(ToString::to_string).collect();
        *word == "--" && theirs == format!("!positional arguments are not supported: {}", ReprList(&behind))
    };
    match kind {
        "supervisorctl" => words.contains(&"--version"),
        "supervisord" => words.iter().enumerate().any(refuses_command),
        _ => false,
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('x') => {
                let code: String = characters.by_ref().take(2).collect();
                plain.push(char::from(u8::from_str_radix(&code, 16).unwrap()));
            }
            other => plain.push(other.unwrap()),
        }
    }
    plain
}

/// Compares all records of some kinds, and tells of all that differ at once.
fn compare(kinds: &[&str], at_least: usize, ours: impl Fn(&str, &str) -> Checked<String>) {
    let records = records(kinds);
    assert!(records.len() >= at_least, "only {} records of {kinds:?}", records.len());
    let mut differences = String::new();
    for (kind, input, theirs) in &records {
        let ours = match ours(kind, input) {
            Ok(value) => format!("={value}"),
            Err(text) => format!("!{text}"),
        };
        if ours != *theirs {
            writeln!(differences, "{kind} {input:?}\n  theirs {theirs:?}\n  ours   {ours:?}").unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

fn join(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn words_and_variables() {
    compare(&["shlex"], 250, |_, input| {
        let words = split(input).map_err(|error| error.to_string())?;
        Ok(join(words.iter().map(|word| Repr(word).to_string())))
    });
    compare(&["environment"], 250, |_, input| {
        let variables = parse_environment(input)?;
        Ok(join(variables.iter().map(|(name, value)| format!("{}={}", Repr(name), Repr(value)))))
    });
}

#[test]
fn data_types() {
    let text = |value: i64| value.to_string();
    compare(&["integer", "byte_size", "octal"], 300, |kind, input| match kind {
        "integer" => datatypes::integer(input).map(text),
        "byte_size" => datatypes::byte_size(input).map(text),
        _ => datatypes::octal(input).map(text),
    });
    compare(&["boolean", "autorestart", "loglevel", "signal"], 150, |kind, input| match kind {
        "boolean" => datatypes::boolean(input).map(|value| if value { "True" } else { "False" }.to_owned()),
        "autorestart" => datatypes::autorestart(input).map(|value| match value {
            Autorestart::Always => "RestartUnconditionally".to_owned(),
            Autorestart::Unexpected => "RestartWhenExitUnexpected".to_owned(),
            Autorestart::Never => "False".to_owned(),
        }),
        "loglevel" => datatypes::loglevel(input).map(|level| level.name().to_owned()),
        _ => datatypes::signal(input).map(|signal| signal.number().to_string()),
    });
    compare(&["exitcodes", "list_of_strings", "inet_address", "name", "url"], 50, |kind, input| match kind {
        "exitcodes" => {
            datatypes::exitcodes(input).map(|codes| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        }
        "list_of_strings" => Ok(datatypes::list_of_strings(input).join("|")),
        "inet_address" => datatypes::inet_address(input).map(|address| format!("{}|{}", address.host, address.port)),
        "name" => datatypes::process_or_group_name(input).map(ToOwned::to_owned),
        _ => datatypes::url(input).map(ToOwned::to_owned),
    });
    let users = UserDatabase::default();
    compare(&["user", "owner"], 15, |kind, input| match kind {
        "user" => users.uid(input).map(|uid| uid.to_string()),
        _ => users.owner(input).map(|owner| format!("{}|{}", owner.uid, gid(owner))),
    });
}

#[test]
fn texts_and_paths() {
    compare(&["repr"], 80, |_, input| Ok(Repr(input).to_string()));
    compare(&["dirname"], 50, |_, input| Ok(dirname(input).to_owned()));
    compare(&["normpath"], 50, |_, input| Ok(normalize(Path::new(input)).to_string_lossy().into_owned()));
    let home = Home::from_environment(&[("HOME".to_owned(), "/home/golden".to_owned())]);
    compare(&["expanduser"], 10, |_, input| Ok(home.expand(input)));
    compare(&["fnmatch"], 400, |_, input| {
        let (pattern, name) = input.split_once('\n').unwrap();
        Ok(if matches(pattern.as_bytes(), name.as_bytes()) { "True" } else { "False" }.to_owned())
    });
}

#[test]
fn expansions() {
    let environment = EnvironmentNames::new(&[("X".to_owned(), "it's".to_owned())]);
    let words = [
        ("here", Value::Text("/etc")),
        ("process_num", Value::Integer(10)),
        ("neg", Value::Integer(-7)),
        ("zero", Value::Integer(0)),
        ("program_name", Value::Text("abc")),
        ("one", Value::Text("é")),
    ];
    let names = Names::new(&environment, &words);
    compare(&["expand"], 1000, |_, input| {
        expand(input, names, Label::Word("sect.opt")).map(std::borrow::Cow::into_owned).map_err(|refusal| refusal.text)
    });
}

#[test]
fn documents() {
    compare(&["ini"], 400, |_, input| {
        let mut document = Document::default();
        document.read("f.conf", input).map_err(|error| error.to_string())?;
        let mut lines = Vec::new();
        for section in &document.sections {
            lines.push(format!("[{}]", Repr(&section.name)));
            lines.extend(document.options(section).map(|entry| format!("{}={}", Repr(&entry.key), Repr(&entry.value))));
        }
        Ok(lines.join("\n"))
    });
}

#[test]
fn command_lines() {
    compare(&["supervisord"], 200, |_, input| {
        let words: Vec<String> = input.split('\n').filter(|_| !input.is_empty()).map(ToOwned::to_owned).collect();
        match parse_supervisord_command_line("p", &words).map_err(|error| error.to_string())? {
            SupervisordCommand::Help(_) => Ok("help".to_owned()),
            SupervisordCommand::Version { .. } => Ok("version".to_owned()),
            SupervisordCommand::Run(options) => Ok(given(&options)),
            other @ (SupervisordCommand::Check { .. }
            | SupervisordCommand::ShowConfig { .. }
            | SupervisordCommand::Init { .. }) => panic!("{other:?}"),
        }
    });
}

#[test]
fn client_command_lines() {
    compare(&["supervisorctl"], 250, |_, input| {
        let words: Vec<String> = input.split('\n').filter(|_| !input.is_empty()).map(ToOwned::to_owned).collect();
        let options = match parse_supervisorctl_command_line("p", &words).map_err(|error| error.to_string())? {
            SupervisorctlCommand::Help(_) | SupervisorctlCommand::Version { .. } => return Ok("help".to_owned()),
            SupervisorctlCommand::Run(options) => options,
        };
        let arguments: Vec<String> = options.arguments.iter().map(|word| Repr(word).to_string()).collect();
        let text = |name: &str, text: &Option<String>| Some(format!("{name}={}", Repr(text.as_ref()?)));
        let given = [
            Some(format!("arguments=[{}]", arguments.join(", "))),
            text("configfile", &options.configuration),
            text("history", &options.history_file),
            options.interactive.then(|| "interactive=1".to_owned()),
            text("password", &options.password),
            text("serverurl", &options.serverurl),
            text("username", &options.username),
        ];
        Ok(join(given.into_iter().flatten()))
    });
}

/// The options that were given, under the names and in the words of the other side.
fn given(options: &SupervisordOptions) -> String {
    let flag = |on: bool| on.then(|| "1".to_owned());
    let text = |text: &Option<String>| text.as_ref().map(|text| Repr(text).to_string());
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let profile = |options: &Option<String>| {
        let words = options.as_ref()?.to_lowercase();
        let (callers, sorts): (Vec<&str>, Vec<&str>) = words.split(',').partition(|word| *word == "callers");
        let sorts: Vec<String> = sorts.iter().map(|sort| Repr(sort).to_string()).collect();
        Some(format!("([{}], {})", sorts.join(", "), if callers.is_empty() { "False" } else { "True" }))
    };
    let all: BTreeMap<&str, Option<String>> = [
        ("childlogdir", text(&options.childlogdir)),
        ("configfile", text(&options.configuration)),
        ("directory", text(&options.directory)),
        ("identifier", text(&options.identifier)),
        ("logfile", text(&options.logfile)),
        ("logfile_backups", number(options.logfile_backups)),
        ("logfile_maxbytes", number(options.logfile_maxbytes)),
        ("loglevel", options.loglevel.map(|level| level_number(level).to_string())),
        ("minfds", number(options.minfds)),
        ("minprocs", number(options.minprocs)),
        ("nocleanup", flag(options.nocleanup)),
        ("nodaemon", flag(options.nodaemon)),
        ("pidfile", text(&options.pidfile)),
        ("profile_options", profile(&options.profile_options)),
        ("silent", flag(options.silent)),
        ("strip_ansi", flag(options.strip_ansi)),
        ("umask", options.umask.map(|umask| umask.to_string())),
        ("user", text(&options.user)),
    ]
    .into();
    join(all.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))))
}

/// A factory of the goldens.
const MISSING_PLUGIN: &str = "nosuch.module:thing";

#[test]
fn whole_configurations() {
    let folder = Folder::new();
    for (_, name, text) in records(&["file"]) {
        folder.write(&name, text.strip_prefix('=').unwrap());
    }
    let environment: Vec<(String, String)> =
        [("HOME", folder.name()), ("GOLDEN", "golden".to_owned()), ("GOLDEN_NUMBER", "42".to_owned())]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
    let node = nix::sys::utsname::uname().unwrap().nodename().to_string_lossy().into_owned();
    let here = std::env::current_dir().unwrap().to_string_lossy().into_owned();
    compare(&["load"], 400, |_, input| {
        let path = folder.write("main.conf", input);
        let request =
            LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &environment };
        let anonymous = |text: String| {
            text.replace(&folder.name(), "{dir}")
                .replace(&here, "{dir}")
                .replace(&format!("'{node}'"), "'{node}'")
                .replace(&format!("type {} in", node.to_uppercase()), "type {NODE} in")
        };
        // Upstream imports plug-ins while it reads; here they are tried by who starts, who comes after all that is
        // wrong with programs. None of those in the goldens is there.
        if input.contains(MISSING_PLUGIN) && input.contains("[program:bad]") {
            return Err(format!("{MISSING_PLUGIN} cannot be resolved within [rpcinterface:x]"));
        }
        let config = load(&request).map_err(|error| anonymous(error.to_string()))?;
        match config.hosted_plugins.first() {
            Some(plugin) => {
                Err(format!("{} cannot be resolved within [{}]", plugin.extension().factory, plugin.section))
            }
            None => Ok(anonymous(dump(&config))),
        }
    });
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        // Python wrote the goldens in a folder of /tmp, and some of them speak of what is beside it.
        let path = PathBuf::from(format!("/tmp/supervisor-goldens-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    fn name(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text.replace("{dir}", &self.name())).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}
