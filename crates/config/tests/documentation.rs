//! docs/configuration.md is made from the option table: it fails here when it says something else. With `UPDATE_DOCS=1`
//! in the environment it is written anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use supervisor_config::limits;
use supervisor_config::options_table::{DataType, DefaultValue, OptionRow, SectionType};

const HEAD: &str = "\
# Configuration

Every section and every option, made from the table that the reader itself uses (`UPDATE_DOCS=1 cargo test -p
supervisor-config documentation` writes this page anew). `supervisord --check` tells what is wrong with a file,
`supervisord --show-config` what is in effect and where each value is from.

## The file

The format is that of Supervisor 4.3.0:

- `[section]` begins a section, `option = value` (or `option: value`) sets an option. Names of options may be in any
  case, names of sections may not. Of an option that is set twice the last counts; a section may be continued later.
- A line that is indented deeper than its option continues the value.
- `;` and `#` begin a comment at the beginning of a line and after a blank, even within quotes.
- `[DEFAULT]` holds options for every section that does not set them itself.
- `%(name)s` in a value is replaced; a percent sign is written `%%`, in `stdout_logfile` and `stderr_logfile` `%%%%`. Everywhere
  there is `%(ENV_X)s` for a variable X of supervisord's environment, almost everywhere `%(here)s` for the folder of the
  configuration file; in programs there are `%(program_name)s`, `%(group_name)s`, `%(host_node_name)s`, and in
  what is read for each process `%(process_num)d` and `%(numprocs)d`.
- An option or a section that nobody knows is ignored with a warning, or an error with `strict`.

";

fn about(section_type: SectionType) -> &'static str {
    match section_type {
        SectionType::Supervisord => "supervisord itself. Required.",
        SectionType::UnixHttpServer => {
            "A unix socket for supervisorctl and XML-RPC. Any section whose name begins so is one more."
        }
        SectionType::InetHttpServer => "A TCP port for the same. Any section whose name begins so is one more.",
        SectionType::Program => "A program, which is a process or several.",
        SectionType::FcgiProgram => {
            "A FastCGI program: its processes share a socket, which is their standard input. All options of `[program:x]`, and:"
        }
        SectionType::EventListener => {
            "A pool of event listeners. All options of `[program:x]`, of which `redirect_stderr` must be false, and:"
        }
        SectionType::Group => "Programs that are started, stopped and named as one.",
        SectionType::ProgramDefaults => {
            "What holds of all programs and FastCGI programs that do not say otherwise. All options of `[program:x]` but `command`, `process_name` and `extends`."
        }
        SectionType::Template => "What programs have that extend it. All options of `[program:x]`.",
        SectionType::Include => {
            "Further files, read after this one. An `[include]` in those is not acted on. A pattern with blanks in it stands in quotes."
        }
        SectionType::Supervisorctl => "What supervisorctl reads.",
        SectionType::RpcInterface => "A namespace of XML-RPC methods. All other options are passed on to it.",
        SectionType::CtlPlugin => "Further actions of supervisorctl. All other options are passed on to them.",
    }
}

/// The options that stand in its table; those that it shares with programs stand there.
fn page() -> String {
    let mut page = HEAD.to_owned();
    for section_type in SectionType::ALL {
        write!(page, "## `{section_type}`\n\n{}\n\n", about(section_type)).expect("a string takes all");
        let shares = matches!(
            section_type,
            SectionType::FcgiProgram
                | SectionType::EventListener
                | SectionType::ProgramDefaults
                | SectionType::Template
        );
        let is_shared = |row: &&OptionRow| shares && SectionType::Program.options().any(|shared| shared == *row);
        let rows: Vec<&OptionRow> = section_type.options().filter(|row| !is_shared(row)).collect();
        if rows.is_empty() {
            continue;
        }
        page += "| option | value | default | what it is |\n|---|---|---|---|\n";
        for row in rows {
            let default = match row.default {
                DefaultValue::Required => "required".to_owned(),
                DefaultValue::Unset => "not set".to_owned(),
                DefaultValue::Text("") => "empty".to_owned(),
                DefaultValue::Text(text) => format!("`{text}`"),
                DefaultValue::Computed(words) => words.to_owned(),
            };
            let (name, value) = (row.name, row.data_type.description());
            writeln!(page, "| `{name}` | {value} | {default} | {} |", row.help).expect("a string takes all");
        }
        page.push('\n');
    }
    page += "## Bounds\n\nUpstream has none of these; no file that means anything comes near.\n\n";
    for (what, bound) in [
        ("bytes of a file", limits::FILE_BYTES),
        ("processes of a configuration", limits::PROCESSES as u64),
        ("characters that one `%(name)100s` asks for", limits::FORMAT_WIDTH as u64),
    ] {
        writeln!(page, "- {what}: {bound}").expect("a string takes all");
    }
    page
}

#[test]
fn the_page_says_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "run it with UPDATE_DOCS=1");
}

#[test]
fn every_data_type_is_described() {
    let used =
        |data_type| SectionType::ALL.into_iter().flat_map(SectionType::options).any(|row| row.data_type == data_type);
    for data_type in [DataType::Boolean, DataType::ByteSize, DataType::Signal, DataType::LogFile, DataType::InetAddress]
    {
        assert!(used(data_type) && page().contains(data_type.description()), "{data_type:?}");
    }
}
