//! packaging/man is made from the tables that the programs and docs/ come from: it fails here when a page says
//! something else. With `UPDATE_DOCS=1` in the environment the pages are written anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use supervisor_config::options_table::{DefaultValue, SectionType};
use supervisor_config::{CommandSwitch, supervisorctl_switches, supervisord_switches};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Markdown of one paragraph as roff: code and strong words are bold, of links the words are left.
fn roff(markdown: &str) -> String {
    let mut text = markdown.replace('\\', "\\e").replace('-', "\\-").replace("**", "");
    while let Some((before, words, after)) = first_link(&text) {
        text = format!("{before}{words}{after}");
    }
    let mut is_code = false;
    let pieces = text.split('`').map(|piece| {
        let font = if is_code { ("\\fB", "\\fR") } else { ("", "") };
        is_code = !is_code;
        format!("{}{piece}{}", font.0, font.1)
    });
    let text: String = pieces.collect();
    // A line must not begin as a request does.
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// The first `[words](target)`, cut out.
fn first_link(text: &str) -> Option<(String, String, String)> {
    let (before, rest) = text.split_once("](")?;
    let (head, words) = before.rsplit_once('[')?;
    let (_, after) = rest.split_once(')')?;
    Some((head.to_owned(), words.to_owned(), after.to_owned()))
}

fn head(name: &str, section: u8, what: &str) -> String {
    let title = name.to_uppercase();
    format!(
        ".\\\" Made by crates/config/tests/man_pages.rs: change the tables, not this page.\n\
         .TH {title} {section} \"\" \"Supervisor {VERSION}\"\n.SH NAME\n{} \\- {what}\n",
        roff(name)
    )
}

/// A term with what it means.
fn entry(page: &mut String, term: &str, meaning: &str) {
    writeln!(page, ".TP\n{}\n{}", roff(term), roff(meaning)).expect("a string takes all");
}

fn section(page: &mut String, name: &str) {
    writeln!(page, ".SH {name}").expect("a string takes all");
}

fn options(page: &mut String, switches: &[CommandSwitch]) {
    section(page, "OPTIONS");
    for switch in switches.iter().filter(|switch| !switch.help.is_empty()) {
        let spellings: Vec<String> = switch.spellings.iter().map(|spelling| format!("`{spelling}`")).collect();
        let value = switch.value.map(|value| format!(" {value}")).unwrap_or_default();
        entry(page, &format!("{}{value}", spellings.join(", ")), switch.help);
    }
}

/// The first table below a heading of a page in docs/: its rows, the head excepted.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(project_root().join("docs").join(page)).expect("it is part of the repository");
    let after = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("{page} has no {heading}")).1;
    let rows = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "{page}: {heading}");
    rows
}

fn supervisord() -> String {
    let mut page = head("supervisord", 8, "starts programs, keeps them running, and tells whoever asks");
    page += ".SH SYNOPSIS\n.B supervisord\n[\\fIoptions\\fR]\n";
    section(&mut page, "DESCRIPTION");
    page += &roff(
        "Without `-n` it goes into the background, and its caller is back when its servers answer. The configuration is \
         described in `supervisord.conf`(5). Options win over it.",
    );
    page.push('\n');
    options(&mut page, &supervisord_switches());
    section(&mut page, "SIGNALS");
    for (signal, meaning) in [
        ("TERM, INT, QUIT", "stop all programs in order and end"),
        ("HUP", "read the configuration, stop all programs and begin anew; a file that cannot be used changes nothing"),
        ("USR2", "open all log files and certificates anew"),
    ] {
        entry(&mut page, signal, meaning);
    }
    section(&mut page, "EXIT STATUS");
    for (status, meaning) in [
        ("0", "it was told to end, and has; `--check`: no errors"),
        ("1", "`--check --strict`: warnings"),
        ("2", "it could not start: one line on standard error says why; `--check`: errors"),
    ] {
        entry(&mut page, status, meaning);
    }
    section(&mut page, "SEE ALSO");
    page += "\\fBsupervisorctl\\fR(1), \\fBsupervisord.conf\\fR(5)\n";
    page
}

fn supervisorctl() -> String {
    let mut page = head("supervisorctl", 1, "controls what supervisord runs");
    page += ".SH SYNOPSIS\n.B supervisorctl\n[\\fIoptions\\fR] [\\fIaction\\fR [\\fIarguments\\fR]]\n";
    section(&mut page, "DESCRIPTION");
    page += &roff(
        "Does one thing and ends; without an action it is a shell. A name is `process` or `group:process`, `group:*` a \
         whole group, `all` everything. `supervisorctl help` ACTION has options and examples.",
    );
    page.push('\n');
    options(&mut page, &supervisorctl_switches());
    section(&mut page, "ACTIONS");
    for row in table("supervisorctl.md", "Actions") {
        entry(&mut page, &row[0], &row[1]);
    }
    section(&mut page, "EXIT STATUS");
    for row in table("supervisorctl.md", "Exit statuses") {
        entry(&mut page, &row[0], &row[1]);
    }
    section(&mut page, "SEE ALSO");
    page += "\\fBsupervisord\\fR(8), \\fBsupervisord.conf\\fR(5)\n";
    page
}

fn configuration() -> String {
    let mut page = head("supervisord.conf", 5, "what supervisord runs, and how");
    section(&mut page, "DESCRIPTION");
    page += &roff(
        "Sections `[name]` with options `name = value`; `;` and `#` begin comments; a line that is indented deeper goes \
         on with the value before; `%(ENV_X)s` is the variable X of supervisord's environment, `%(here)s` the folder of \
         the file. `supervisord --check` tells what is wrong with a file, `supervisord --show-config` what is in effect.",
    );
    page.push('\n');
    for section_type in SectionType::ALL {
        section(&mut page, &format!("\"{}\"", roff(&section_type.to_string())));
        let shares = match section_type {
            SectionType::FcgiProgram | SectionType::EventListener => {
                page += "All options of a program, and:\n";
                true
            }
            SectionType::ProgramDefaults => {
                page += "All options of a program but \\fBcommand\\fR, \\fBprocess_name\\fR and \\fBextends\\fR.\n";
                true
            }
            SectionType::Template => {
                page += "All options of a program.\n";
                true
            }
            SectionType::Supervisord
            | SectionType::UnixHttpServer
            | SectionType::InetHttpServer
            | SectionType::Program
            | SectionType::Group
            | SectionType::Include
            | SectionType::Supervisorctl
            | SectionType::RpcInterface
            | SectionType::CtlPlugin => false,
        };
        for row in section_type.options() {
            if shares && SectionType::Program.options().any(|shared| shared == row) {
                continue;
            }
            let default = match row.default {
                DefaultValue::Required => "required".to_owned(),
                DefaultValue::Unset => "not set unless given".to_owned(),
                DefaultValue::Text("") => "empty unless given".to_owned(),
                DefaultValue::Text(text) => format!("`{text}` unless given"),
                DefaultValue::Computed(words) => format!("unless given: {words}"),
            };
            let (name, value) = (row.name, row.data_type.description());
            entry(&mut page, &format!("`{name}` = {value}"), &format!("{} ({default})", row.help));
        }
    }
    section(&mut page, "SEE ALSO");
    page += "\\fBsupervisord\\fR(8), \\fBsupervisorctl\\fR(1)\n";
    page
}

#[test]
fn the_pages_say_what_the_tables_say() {
    let folder = project_root().join("packaging/man");
    for (name, page) in [
        ("supervisord.8", supervisord()),
        ("supervisorctl.1", supervisorctl()),
        ("supervisord.conf.5", configuration()),
    ] {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &page).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(written, page, "{name}: run it with UPDATE_DOCS=1");
    }
}

#[test]
fn words_for_roff() {
    assert_eq!(roff("`-n` and [a page](x.md#y), a\\b"), "\\fB\\-n\\fR and a page, a\\eb");
    assert_eq!(roff(".so nothing"), "\\&.so nothing");
}
