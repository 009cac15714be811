//! What programs inherit: `[template:x]`, `extends`, `[program-defaults]`; and `strict` (docs/templates.md).

use std::fmt::Write;

use supervisor_config::{
    EffectiveConfig, LoadRequest, Secrets, Severity, SupervisordCommand, SupervisordOptions, check, effective_config,
    parse_supervisord_command_line,
};
use supervisor_core::Aftermath;

use crate::folder::{Folder, load, names, warnings};

/// What one level says of an option.
#[derive(Clone, Copy, Debug)]
enum Said {
    Value,
    Empty,
    Nothing,
    /// The level is not there.
    NoLevel,
}

const SAID: [Said; 4] = [Said::Value, Said::Empty, Said::Nothing, Said::NoLevel];

/// The line of a level, and what it means.
fn line(said: Said, level: &str) -> (String, Option<String>) {
    match said {
        Said::Value => (format!("serverurl=unix:///{level}\n"), Some(format!("unix:///{level}"))),
        Said::Empty => ("serverurl=\n".to_owned(), Some(String::new())),
        Said::Nothing | Said::NoLevel => (String::new(), None),
    }
}

#[test]
fn of_all_levels_the_nearest_one_that_says_something_counts() {
    for own in &SAID[..3] {
        for template in SAID {
            for group in SAID {
                for defaults in SAID {
                    for default in &SAID[..3] {
                        let said = [*own, template, group, defaults, *default];
                        let [own, of_template, of_group, of_defaults, default] = [
                            (said[0], "own"),
                            (template, "template"),
                            (group, "group"),
                            (defaults, "defaults"),
                            (said[4], "default"),
                        ]
                        .map(|(said, level)| line(said, level));
                        let extends = |said: Said, name: &str| match said {
                            Said::NoLevel => String::new(),
                            Said::Value | Said::Empty | Said::Nothing => format!("extends={name}\n"),
                        };
                        let mut text = format!("[program:web]\ncommand=x\n{}{}", extends(template, "t"), own.0);
                        write!(text, "[group:g]\nprograms=web\n{}", extends(group, "of_group")).unwrap();
                        write!(text, "[template:t]\n{}[template:of_group]\n{}", of_template.0, of_group.0).unwrap();
                        if !matches!(defaults, Said::NoLevel) {
                            write!(text, "[program-defaults]\n{}", of_defaults.0).unwrap();
                        }
                        write!(text, "[DEFAULT]\n{}", default.0).unwrap();
                        // A program that extends something is not spoken for by its group.
                        let of_group = if matches!(template, Said::NoLevel) { of_group.1 } else { None };
                        let expected = own.1.or(of_template.1).or(of_group).or(of_defaults.1).or(default.1);
                        let config = load(&text).unwrap();
                        let url = config.groups[0].processes[0].environment.serverurl.as_deref();
                        assert_eq!(url, expected.as_deref(), "{said:?}\n{text}");
                    }
                }
            }
        }
    }
}

/// The command of the only process.
fn command(text: &str) -> String {
    load(text).expect("it is right").groups[0].processes[0].command.to_string()
}

#[test]
fn of_several_templates_the_last_one_counts_first_and_what_it_extends_before_the_others() {
    let templates = "[template:a]\ncommand=a\n[template:b]\nextends=c\n[template:c]\ncommand=c\nextends=d\n\
                     [template:d]\ncommand=d\n[template:e]\npriority=1\n";
    for (extends, expected) in [("a", "a"), ("b", "c"), ("a,b", "c"), (" b , a ,", "a"), ("c,e", "c"), ("d, e, a", "a")]
    {
        assert_eq!(command(&format!("[program:p]\nextends={extends}\n{templates}")), expected, "{extends}");
    }
    assert_eq!(command(&format!("[program:p]\nextends=a\ncommand=own\n{templates}")), "own");
}

#[test]
fn it_means_what_it_would_mean_in_the_program() {
    let config = load(
        "[template:worker]\ncommand=work --name %(program_name)s --nr %(process_num)d\nnumprocs=2\n\
         process_name=%(program_name)s_%(process_num)d\nstartsecs=7\non_exit=shutdown\n[program:mail]\nextends=worker\n\
         [program:jobs]\nextends=worker\nnumprocs=1\n",
    );
    let config = config.unwrap();
    assert_eq!(names(&config), ["jobs: jobs_0", "mail: mail_0 mail_1"]);
    let last = &config.groups[1].processes[1];
    assert_eq!((&*last.command, last.start.startsecs), ("work --name mail --nr 1", 7));
    assert_eq!(last.essential.on_exit, Aftermath::Shutdown);
}

#[test]
fn listeners_extend_templates_and_have_none_of_the_defaults_of_programs() {
    let config = load(
        "[program-defaults]\nstartsecs=9\n[template:t]\ncommand=listen\nstopwaitsecs=3\non_exit=shutdown\n\
         [eventlistener:l]\nextends=t\nevents=TICK_5\n[fcgi-program:f]\nextends=t\nsocket=tcp://127.0.0.1:1\n",
    );
    let config = config.unwrap();
    let process = |group: &str| {
        let group = config.groups.iter().find(|known| &*known.name == group).unwrap();
        let process = &group.processes[0];
        (process.start.startsecs, process.stop.stopwaitsecs, process.essential.on_exit)
    };
    assert_eq!(process("l"), (1, 3, Aftermath::None));
    assert_eq!(process("f"), (9, 3, Aftermath::Shutdown));
}

/// The variables of the only process.
fn variables(text: &str) -> String {
    let config = load(text).expect("it is right");
    let variables = config.groups[0].processes[0].environment.variables.iter();
    variables.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn of_the_environment_each_variable_is_inherited_by_itself() {
    let rest = "[template:t]\nenvironment=B=t,C=\"%(program_name)s\",\n[program-defaults]\nenvironment=C=d,D=d # all\n";
    for (own, expected) in [
        ("environment=A=1,B=own\nextends=t\n", "C=p D=d B=own A=1"),
        ("extends=t\n", "C=p D=d B=t"),
        ("environment=\nextends=t\n", ""),
        ("environment=A=1\n", "C=d D=d A=1"),
        ("", "C=d D=d"),
    ] {
        assert_eq!(variables(&format!("[program:p]\ncommand=x\n{own}{rest}")), expected, "{own}");
    }
    let taken_back = "[template:t]\nenvironment=\n[program-defaults]\nenvironment=D=d\n";
    assert_eq!(variables(&format!("[program:p]\ncommand=x\nextends=t\nenvironment=A=1\n{taken_back}")), "A=1");
    // Python's way, which files rely on: [DEFAULT] is heard where nobody else says anything.
    assert_eq!(variables("environment=\n[DEFAULT]\nenvironment=D=d\n[program:p]\ncommand=x\nenvironment=A=1\n"), "A=1");
}

#[test]
fn templates_may_stand_in_any_file_and_here_is_where_a_line_stands() {
    let folder = Folder::new();
    folder.write("conf.d/t.conf", "[template:t]\ndirectory=%(here)s\ncommand=x\n");
    let config =
        folder.load("[supervisord]\n[include]\nfiles=conf.d/*.conf\n[program:p]\nextends=t\numask=022\n").unwrap();
    let directory = config.groups[0].processes[0].identity.directory.clone().unwrap();
    assert_eq!(folder.anonymous(&directory), "{dir}/conf.d");
}

#[test]
fn what_cannot_be_inherited_is_told_with_its_line() {
    for (text, expected) in [
        (
            "[template:web]\n[program:p]\ncommand=x\nextends=wbe\n",
            "[program:p] extends=wbe: there is no [template:wbe]; did you mean web? (file {dir}/main.conf, line 5)",
        ),
        (
            "[group:g]\nprograms=p\nextends=t\n[program:p]\ncommand=x\n",
            "[group:g] extends=t: there is no [template:t]; write one (file {dir}/main.conf, line 4)",
        ),
        (
            "[template:a]\nextends=b\n[template:b]\nextends=a\n[program:p]\ncommand=x\nextends=b\n",
            "[template:b] extends=a: template a extends itself: a -> b -> a; take one of these away (file \
             {dir}/main.conf, line 5)",
        ),
        (
            "[template:a]\nextends=a\n",
            "[template:a] extends=a: template a extends itself: a -> a; take one of these away (file {dir}/main.conf, \
             line 3)",
        ),
        (
            "[program-defaults]\ncommand=x\n",
            "[program-defaults] command=x: the defaults of programs have no command; remove it (file {dir}/main.conf, \
             line 3)",
        ),
        (
            "[program-defaults]\nextends=t\n",
            "[program-defaults] extends=t: the defaults of programs have no extends; remove it (file {dir}/main.conf, \
             line 3)",
        ),
        (
            "[program:p]\ncommand=x\nextends=t\n[template:t]\nstartsecs=soon\n",
            "invalid literal for int() with base 10: 'soon' (file {dir}/main.conf, line 6, used by [program:p])",
        ),
        (
            "[program:p]\ncommand=x\nextends=t\n[template:t]\non_exit=stop\n",
            "[template:t] section sets invalid on_exit (stop), it has to be one of none, shutdown, restart_supervisor \
             (file {dir}/main.conf, line 6, used by [program:p])",
        ),
        (
            "[program:p]\ncommand=x\nenvironment=A=1\nextends=t\n[template:t]\nenvironment=B\n",
            "Unexpected end of key/value pairs in value 'B' (file {dir}/main.conf, line 7, used by [program:p])",
        ),
        (
            "[program:p]\ncommand=x\n[program-defaults]\ndirectory=%(nosuch)s\n",
            "Format string '%(nosuch)s' for 'program:p.directory' contains names ('nosuch') which cannot be expanded",
        ),
    ] {
        let error = load(text).unwrap_err();
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
}

#[test]
fn a_place_in_another_file_is_told_with_who_uses_it() {
    let folder = Folder::new();
    folder.write("t.conf", "[template:t]\ncommand=x\numask=9\n");
    let error = folder.load("[supervisord]\n[include]\nfiles=t.conf\n[program:p]\nextends=t\n").unwrap_err();
    assert_eq!(error, "9 can not be converted to an octal type (file {dir}/t.conf, line 3, used by [program:p])");
}

#[test]
fn templates_end_somewhere() {
    let mut text = "[program:p]\ncommand=x\nextends=t0\n".to_owned();
    for depth in 0..8 {
        write!(text, "[template:t{depth}]\nextends=t{}\n", depth + 1).unwrap();
    }
    let error = load(&format!("{text}[template:t8]\npriority=7\n")).unwrap_err();
    assert!(error.contains("more than 8 templates extend each other; make it fewer"), "{error}");
    let shorter = text.replace("[template:t7]\nextends=t8\n", "[template:t7]\npriority=7\n");
    assert_eq!(load(&shorter).unwrap().groups[0].processes[0].priority, 7);
}

#[test]
fn many_programs_of_one_template_are_one_mistake() {
    let folder = Folder::new();
    let mut text = "[supervisord]\n[template:t]\nstartsecs=soon\ncommand=sh\n".to_owned();
    for number in 0..10_000 {
        write!(text, "[program:p{number}]\nextends=t\n").unwrap();
    }
    let path = folder.write("main.conf", &text);
    let options = SupervisordOptions::default();
    let request = LoadRequest { path: &path, command_line: &options, environment: &[] };
    let report = check(&request);
    let errors: Vec<_> = report.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let [error] = &*errors else { panic!("{errors:?}") };
    assert_eq!((error.place.as_ref().unwrap().line, error.section.as_deref()), (3, Some("template:t")));
    let good = folder.load(text.replace("soon", "3")).unwrap();
    assert!(good.groups.len() == 10_000 && good.groups.iter().all(|group| group.processes[0].start.startsecs == 3));
}

fn effective(text: &str) -> (Folder, EffectiveConfig) {
    let folder = Folder::new();
    let path = folder.write("main.conf", format!("[supervisord]\n{text}"));
    let options = SupervisordOptions::default();
    let request = LoadRequest { path: &path, command_line: &options, environment: &[] };
    let shown = effective_config(&request, Secrets::Shown).expect("it is right");
    (folder, shown)
}

#[test]
fn where_each_value_is_from_is_shown_and_what_is_shown_reads_the_same() {
    let text = "[program:p]\ncommand=x %(program_name)s\nextends=t\nenvironment=A=\"1\"\n[template:t]\nstartsecs=3\n\
                environment=B=\"%(program_name)s\",A=\"0\"\n[program-defaults]\nstopwaitsecs=4\n[group:g]\nprograms=q\n\
                extends=u\n[program:q]\ncommand=y\n[template:u]\npriority=5\n";
    let (folder, shown) = effective(text);
    let origin = |section: &str, option: &str| {
        let section = shown.sections.iter().find(|known| known.name == section).unwrap();
        let option = section.options.iter().find(|known| known.name == option).unwrap();
        let value = option.value.as_ref().map(|value| value.text.clone()).unwrap_or_default();
        (value, option.inherited_from.clone().unwrap_or_default())
    };
    let inherited = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    assert_eq!(origin("program:p", "startsecs"), inherited("3", "template:t"));
    assert_eq!(origin("program:p", "stopwaitsecs"), inherited("4", "program-defaults"));
    assert_eq!(origin("program:p", "command"), inherited("x p", ""));
    assert_eq!(origin("program:p", "environment"), inherited("B=\"p\",A=\"1\"", ""));
    assert_eq!(origin("program:q", "priority"), inherited("5", "template:u"));
    assert_eq!(origin("template:t", "startsecs"), inherited("3", ""));
    let written = shown.to_string();
    assert!(folder.anonymous(&written).contains("; template:t, {dir}/main.conf:7\n"), "{written}");
    let (before, after) = (load(text).unwrap(), folder.load(&written).unwrap());
    assert_eq!(after.groups, before.groups, "{written}");
}

#[test]
fn strict_makes_errors_of_what_nobody_knows() {
    let unknown = "[program:a]\ncommand=x\ncommond=y\n";
    assert_eq!(
        warnings(unknown),
        [
            "Unknown option 'commond' in section 'program:a' (file: '{dir}/main.conf', line: 4) is ignored, did you mean \
          'command'?"
        ]
    );
    for (text, expected) in [
        (
            unknown,
            "Unknown option 'commond' in section 'program:a' (file: '{dir}/main.conf', line: 5) is an error (strict), did \
             you mean 'command'?",
        ),
        (
            "[progam:a]\ncommand=x\n",
            "Unknown section 'progam:a' (file: '{dir}/main.conf', line: 3) is an error (strict), did you mean 'program:a'?",
        ),
        ("[include]\nfiles=no/*.conf\n", "No file matches via include \"{dir}/no/*.conf\""),
        ("[include]\nfiles=.\n", "Extra file \"{dir}/.\" was skipped, it cannot be read: "),
    ] {
        let error = load(&format!("strict=true\n{text}")).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
        assert!(load(text).is_ok(), "{text}");
    }
    assert!(load("strict=on\n[program:a]\ncommand=x\n[DEFAULT]\nanything=1\n").is_ok());
}

#[test]
fn what_others_read_is_known_to_them() {
    let text = "[program:a]\ncommand=x\nx-team=ops\nx_note=1\ndependent_startup=1\n[superlance:x]\na=1\n";
    let ignore = "strict_ignore=dependent_*, superlance:*,\n";
    assert_eq!(warnings(&format!("{ignore}{text}")), [""; 0]);
    assert!(load(&format!("strict=true\n{ignore}{text}")).is_ok());
    let error = load(&format!("strict=true\nstrict_ignore=superlance:x\n{text}")).unwrap_err();
    assert!(error.starts_with("Unknown option 'dependent_startup'"), "{error}");
}

#[test]
fn the_command_line_may_be_strict_and_a_check_tells_all() {
    let folder = Folder::new();
    let text = "[supervisord]\nusr=root\n[program:a]\ncommand=sh\nautostrat=true\n[inculde]\nfiles=x\n";
    let path = folder.write("main.conf", text);
    let Ok(SupervisordCommand::Run(options)) = parse_supervisord_command_line("supervisord", &["--strict".to_owned()])
    else {
        panic!("it is a start");
    };
    let environment = [("PATH".to_owned(), "/bin".to_owned())];
    let request = LoadRequest { path: &path, command_line: &options, environment: &environment };
    assert!(supervisor_config::load(&request).unwrap_err().to_string().starts_with("Unknown section 'inculde'"));
    let lines = |request: &LoadRequest<'_>, severity: Severity| {
        let report = check(request);
        let of_it = report.problems.iter().filter(|problem| problem.severity == severity);
        of_it.filter_map(|problem| problem.place.as_ref().map(|place| place.line)).collect::<Vec<_>>()
    };
    assert_eq!(lines(&request, Severity::Error), [2, 5, 6]);
    let lenient = LoadRequest { command_line: &SupervisordOptions::default(), ..request };
    assert_eq!(lines(&lenient, Severity::Error), [0; 0]);
    assert_eq!(lines(&lenient, Severity::Warning), [2, 5, 6]);
}
