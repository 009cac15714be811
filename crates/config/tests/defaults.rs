//! What the table says of an option that nobody sets is what the core takes it for.

use supervisor_config::options_table::{DefaultValue, SectionType};
use supervisor_core::ProcessConfig;

use crate::folder::load;

#[test]
fn a_program_with_nothing_but_a_command_is_as_the_core_makes_one() {
    let config = load("[program:cat]\ncommand=/bin/cat\n").unwrap();
    assert_eq!(*config.groups[0].processes[0], ProcessConfig::new("cat", "/bin/cat"));
}

/// The options of these sections that have a default which can be written, with it.
fn written_defaults(section_type: SectionType) -> String {
    // Names of files that would be looked for, and the name that the numbers of processes are in.
    let depends_on_the_machine = ["logfile", "pidfile"];
    let rows = section_type.options().filter(|row| !depends_on_the_machine.contains(&row.name));
    let lines = rows.filter_map(|row| match row.default {
        // A percent sign that begins no name is written twice.
        DefaultValue::Text(text) => Some(format!("{}={}\n", row.name, text.replace('%', "%%").replace("%%(", "%("))),
        DefaultValue::Required | DefaultValue::Unset | DefaultValue::Computed(_) => None,
    });
    lines.collect()
}

/// S-G1 of programs.md: what the core is given is the same, and with it all that it does.
#[test]
fn a_file_with_every_option_at_its_default_is_the_file_without_them() {
    let program = "command=/bin/cat\n";
    let listener = "command=/bin/cat\nevents=TICK_5\n";
    let plain = load(&format!("[program:cat]\n{program}[eventlistener:l]\n{listener}")).unwrap();
    let written = load(&format!(
        "{}[program:cat]\n{program}{}kill_mode=process\n[eventlistener:l]\n{listener}{}",
        written_defaults(SectionType::Supervisord),
        written_defaults(SectionType::Program),
        written_defaults(SectionType::EventListener).replace("priority=-1\n", ""),
    ));
    let written = written.unwrap();
    assert_eq!(written.groups, plain.groups);
    assert_eq!(written.supervisord, plain.supervisord);
}
