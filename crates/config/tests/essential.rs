//! What the end of a program means to supervisord, whose exit status is ours, and a command that is wrapped.

use std::path::Path;

use supervisor_config::{Config, LoadRequest, Subreaper, SupervisordCommand, SupervisordOptions};
use supervisor_config::{MainLogFile, check, parse_supervisord_command_line, shlex};
use supervisor_core::{Aftermath, EssentialConfig, ExitWhen};

use crate::folder::{Folder, load, warnings};

const NONE: EssentialConfig = EssentialConfig { on_exit: Aftermath::None, on_fatal: Aftermath::None };
const ESSENTIAL: EssentialConfig = EssentialConfig::ESSENTIAL;

fn essential(config: &Config) -> EssentialConfig {
    config.groups[0].processes[0].essential
}

#[test]
fn a_program_says_it_or_its_group_does() {
    let restart = Aftermath::RestartSupervisor;
    for (program, group, expected) in [
        ("", "", NONE),
        ("essential=true", "", ESSENTIAL),
        ("essential=false", "", NONE),
        ("on_exit=Shutdown", "", EssentialConfig { on_exit: Aftermath::Shutdown, ..NONE }),
        ("essential=true\non_fatal=restart_supervisor", "", EssentialConfig { on_fatal: restart, ..ESSENTIAL }),
        ("essential=on\non_exit=none", "", EssentialConfig { on_exit: Aftermath::None, ..ESSENTIAL }),
        ("", "essential=true", ESSENTIAL),
        ("on_exit=none", "essential=true", EssentialConfig { on_exit: Aftermath::None, ..ESSENTIAL }),
        ("", "on_fatal=restart_supervisor", EssentialConfig { on_fatal: restart, ..NONE }),
        // One that speaks for itself is not spoken for.
        ("essential=false", "essential=true\non_exit=shutdown", NONE),
        ("essential=true", "on_exit=none", ESSENTIAL),
    ] {
        for kind in ["program:a", "fcgi-program:a"] {
            let socket = if kind.starts_with("fcgi") { "socket=tcp://127.0.0.1:1\n" } else { "" };
            let text = format!("[{kind}]\ncommand=x\n{socket}{program}\n[group:g]\nprograms=a\n{group}\n");
            assert_eq!(essential(&load(&text).unwrap()), expected, "{kind} {program:?} {group:?}");
        }
    }
    let alone = load("[program:a]\ncommand=x\nessential=true\n").unwrap();
    assert_eq!(essential(&alone), ESSENTIAL);
}

#[test]
fn each_process_has_names_of_its_own() {
    let config = load(
        "[program:a]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n\
         environment=END=\"%(process_num)d\"\nessential=%(ENV_END)s\n",
    );
    let config = config.unwrap();
    let ends: Vec<EssentialConfig> = config.groups[0].processes.iter().map(|process| process.essential).collect();
    assert_eq!(ends, [NONE, ESSENTIAL]);
}

#[test]
fn what_supervisord_says_about_its_end() {
    let settings = load("exit_when=All_Exited\nsubreaper=yes\n").unwrap().supervisord;
    assert_eq!((settings.ending.exit_when, settings.subreaper), (ExitWhen::AllExited, Subreaper::On));
    let settings = load("").unwrap().supervisord;
    assert_eq!((settings.ending.exit_when, settings.subreaper), (ExitWhen::Never, Subreaper::Auto));
    assert_eq!(*settings.ending.exit_code_from, []);
}

const NAMED: &str = "[program:a]\ncommand=x\n[program:many]\ncommand=x\nnumprocs=2\nprocess_name=m%(process_num)d
[program:member]\ncommand=x\nnumprocs=2\nprocess_name=w%(process_num)d\n[program:b]\ncommand=x
[group:g]\nprograms=member,b\n";

#[test]
fn whose_exit_status_is_ours_is_named_as_a_process_a_group_or_a_program() {
    for (name, expected) in [
        ("a", &["a:a"][..]),
        ("a:a", &["a:a"]),
        ("many", &["many:m0", "many:m1"]),
        ("many:m1", &["many:m1"]),
        ("many:*", &["many:m0", "many:m1"]),
        ("g", &["g:w0", "g:w1", "g:b"]),
        ("g:w1", &["g:w1"]),
        ("member", &["g:w0", "g:w1"]),
        (" b ", &["g:b"]),
        ("", &[]),
    ] {
        let config = load(&format!("exit_code_from={name}\n{NAMED}")).unwrap();
        let named = config.supervisord.ending.exit_code_from.iter().map(|(group, name)| format!("{group}:{name}"));
        assert_eq!(named.collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn bad_values_are_told_with_what_they_have_to_be_and_where() {
    for (text, expected) in [
        (
            "[program:web]\ncommand=x\non_exit=stop\n",
            "[program:web] section sets invalid on_exit (stop), it has to be one of none, shutdown, restart_supervisor \
             (file {dir}/main.conf, line 4)",
        ),
        (
            "[program:web]\ncommand=x\n[group:g]\nprograms=web\non_fatal=restart\n",
            "[group:g] section sets invalid on_fatal (restart), it has to be one of none, shutdown, restart_supervisor \
             (file {dir}/main.conf, line 6)",
        ),
        (
            "exit_when=all_fatal\n",
            "[supervisord] section sets invalid exit_when (all_fatal), it has to be one of never, any_fatal, \
             all_exited, essential_exited (file {dir}/main.conf, line 2)",
        ),
        (
            "subreaper=maybe\n",
            "[supervisord] section sets invalid subreaper (maybe), it has to be one of auto, true, false (file \
             {dir}/main.conf, line 2)",
        ),
        (
            "exit_code_from=wbe\n[program:web]\ncommand=x\n",
            "[supervisord] exit_code_from=wbe: there is no group, process or program wbe; did you mean web? (file \
             {dir}/main.conf, line 2)",
        ),
        (
            "[program:web]\ncommand=x\n[supervisord]\nexit_code_from=web:9\n",
            "[supervisord] exit_code_from=web:9: there is no group, process or program web:9; did you mean web? (file \
             {dir}/main.conf, line 5)",
        ),
        (
            "[eventlistener:l]\ncommand=x\nevents=TICK_5\nessential=true\n",
            "[eventlistener:l] essential=true: an event listener has no essential; remove it (file {dir}/main.conf, \
             line 5)",
        ),
    ] {
        assert_eq!(load(text).unwrap_err(), expected);
    }
    assert_eq!(
        load("[program:web]\ncommand=x\nessential=maybe\n").unwrap_err(),
        "not a valid boolean value: 'maybe' in section 'program:web' (file: '{dir}/main.conf')"
    );
}

/// The problems that a check tells of a file, as `line option: message (hint)`.
fn problems(text: &str) -> Vec<String> {
    let folder = Folder::new();
    let path = folder.write("main.conf", format!("[supervisord]\n{text}"));
    let environment = [("PATH".to_owned(), "/bin".to_owned())];
    let options = SupervisordOptions::default();
    let report = check(&LoadRequest { path: &path, command_line: &options, environment: &environment });
    let shown = report.problems.iter().map(|problem| {
        let line = problem.place.as_ref().map(|place| place.line).unwrap_or_default();
        let (option, hint) = (problem.option.as_deref().unwrap_or("-"), problem.hint.as_deref().unwrap_or("-"));
        format!("{line} {option}: {} ({hint})", problem.message)
    });
    shown.collect()
}

#[test]
fn a_check_tells_all_of_them_at_once_and_what_would_help() {
    let told = problems(
        "exit_when=allexited\nexit_code_from=nobody\n[program:a]\ncommand=sh\non_exit=shut\n[eventlistener:l]\n\
         command=sh\nevents=TICK_5\non_fatal=shutdown\n",
    );
    assert_eq!(
        told,
        [
            "2 exit_when: [supervisord] section sets invalid exit_when (allexited), it has to be one of never, any_fatal, \
             all_exited, essential_exited (did you mean `all_exited`?)",
            "3 exit_code_from: [supervisord] exit_code_from=nobody: there is no group, process or program nobody (name \
             one that there is)",
            "6 on_exit: [program:a] section sets invalid on_exit (shut), it has to be one of none, shutdown, \
             restart_supervisor (-)",
            "10 on_fatal: [eventlistener:l] on_fatal=shutdown: an event listener has no on_fatal (remove it)",
        ]
    );
}

#[test]
fn a_check_tells_of_ends_that_cannot_come_and_of_a_status_that_nobody_sees() {
    let never = "2 exit_when: no program is essential: this never ends supervisord (write essential=true in a program)";
    let unseen = |line| {
        format!("{line} nodaemon: nobody sees the exit status of a daemon (write nodaemon=true, or start it with -n)")
    };
    let program = "[program:a]\ncommand=sh\n";
    assert_eq!(problems(&format!("exit_when=essential_exited\nnodaemon=true\n{program}")), [never]);
    assert_eq!(problems(&format!("{program}essential=true\n")), [unseen(1)]);
    assert_eq!(problems(&format!("nodaemon=false\n{program}on_fatal=restart_supervisor\n")), [unseen(2)]);
    assert_eq!(problems(&format!("nodaemon=true\nexit_when=all_exited\nexit_code_from=a\n{program}")), [""; 0]);
    assert_eq!(problems(program), [""; 0]);
}

/// What `supervisord` with these arguments reads.
fn options(arguments: &[&str]) -> SupervisordOptions {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    match parse_supervisord_command_line("supervisord", &arguments) {
        Ok(SupervisordCommand::Run(options)) => options,
        other => panic!("{other:?}"),
    }
}

fn wrapped(path: &Path, arguments: &[&str]) -> Result<Config, String> {
    let options = options(arguments);
    let request = LoadRequest { path, command_line: &options, environment: &[] };
    supervisor_config::load(&request).map_err(|error| error.to_string())
}

#[test]
fn a_wrapped_command_needs_no_file() {
    let config = wrapped(Path::new(""), &["--", "sh", "-c", "echo it's 100%; %(here)s", "", "a\"b\\"]).unwrap();
    assert_eq!(config.groups.len(), 1);
    let process = &config.groups[0].processes[0];
    assert_eq!(shlex::split(&process.command).unwrap(), ["sh", "-c", "echo it's 100%; %(here)s", "", "a\"b\\"]);
    assert_eq!((&*config.groups[0].name, &*process.name, process.essential), ("main", "main", ESSENTIAL));
    assert_eq!(*config.supervisord.ending.exit_code_from, [("main".into(), "main".into())]);
    assert!(config.supervisord.nodaemon && config.http_servers.is_empty());
    assert_eq!(config.supervisord.logfile, MainLogFile::Path("/dev/stderr".into()));
    assert_eq!(config.messages, []);
    let overruled = wrapped(Path::new(""), &["-l", "/tmp/l", "-e", "debug", "--", "true"]).unwrap();
    assert_eq!(overruled.supervisord.logfile, MainLogFile::Path("/tmp/l".into()));
}

#[test]
fn a_wrapped_command_stands_beside_the_programs_of_a_file() {
    let folder = Folder::new();
    let path = folder.write("main.conf", "[supervisord]\nexit_code_from=db\n[program:db]\ncommand=x\n");
    let config = wrapped(&path, &["--", "true"]).unwrap();
    let names: Vec<&str> = config.groups.iter().map(|group| &*group.name).collect();
    assert_eq!(names, ["db", "main"]);
    assert_eq!(*config.supervisord.ending.exit_code_from, [("main".into(), "main".into())]);
    let other = wrapped(&path, &["--exit-code-from=db", "--", "true"]).unwrap();
    assert_eq!(*other.supervisord.ending.exit_code_from, [("db".into(), "db".into())]);
    let error = wrapped(&path, &["--exit-code-from=bd", "--", "true"]).unwrap_err();
    assert_eq!(error, "--exit-code-from=bd: there is no group, process or program bd; did you mean db?");
    for section in ["program:main", "group: main", "eventlistener:main", "fcgi-program:main"] {
        let path = folder.write("main.conf", format!("[supervisord]\n[{section}]\ncommand=x\n"));
        let expected = format!(
            "[{section}]: the command on the command line is program main; rename this one (file {}, line 2)",
            path.display()
        );
        assert_eq!(wrapped(&path, &["--", "true"]).unwrap_err(), expected);
    }
}

#[test]
fn only_what_stands_behind_two_dashes_is_a_command() {
    assert_eq!(options(&["-c", "--", "-n"]).wrapped, None, "the dashes are the name of a file");
    assert_eq!(options(&["-n", "--"]).wrapped, None);
    assert_eq!(options(&["--", "a", "--", "-n"]).wrapped, Some(["a", "--", "-n"].map(str::to_owned).to_vec()));
    assert!(options(&["--", "a"]).nodaemon);
    let refused = parse_supervisord_command_line("supervisord", &["a".to_owned()]).unwrap_err();
    assert_eq!(refused.to_string(), "positional arguments are not supported: ['a']");
}

#[test]
fn other_sections_have_none_of_it() {
    assert_eq!(
        warnings("[unix_http_server]\nfile=/tmp/s\nessential=true\n[program:a]\ncommand=x\nexit_when=never\n").len(),
        2
    );
}
