//! What a check says about each mistake: where, how long, and what would be right.

use supervisor_config::{LoadRequest, SupervisordOptions, check};

use crate::folder::Folder;

/// The problems of a file, each as `line:column+length section.option severity: message (hint)`.
fn problems(folder: &Folder, text: &str) -> Vec<String> {
    let path = folder.write("main.conf", text);
    let environment = [("PATH".to_owned(), "/bin:/usr/bin".to_owned()), ("COLOUR".to_owned(), "red".to_owned())];
    let options = SupervisordOptions::default();
    let report = check(&LoadRequest { path: &path, command_line: &options, environment: &environment });
    let shown = report.problems.iter().map(|problem| {
        let place = problem.place.as_ref();
        let place = place.map(|place| format!("{}:{}+{} ", place.line, place.column, problem.length));
        let option = problem.option.as_ref().map(|option| format!(".{option}")).unwrap_or_default();
        let section = problem.section.as_ref().map(|section| format!("{section}{option} "));
        let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})"));
        let [place, section, hint] = [place, section, hint].map(Option::unwrap_or_default);
        folder.anonymous(&format!("{place}{section}{}: {}{hint}", problem.severity, problem.message))
    });
    shown.collect()
}

#[track_caller]
fn assert_told(text: &str, expected: &[&str]) {
    assert_eq!(problems(&Folder::new(), &format!("[supervisord]\n{text}")), expected, "{text}");
}

#[test]
fn misspelt_values() {
    assert_told(
        "nodaemon = ture ; really\n",
        &["2:12+4 supervisord.nodaemon error: not a valid boolean value: 'ture' (did you mean `true`?)"],
    );
    assert_told(
        "minfds = 10;24\n",
        &[
            "2:10+5 supervisord.minfds error: invalid literal for int() with base 10: '10;24' (a comment begins only after \
         a blank: ` ;`)",
        ],
    );
    assert_told(
        "loglevel=debeug\n",
        &["2:10+6 supervisord.loglevel error: bad logging level name 'debeug' (did you mean `debug`?)"],
    );
    assert_told(
        "umask=9\n",
        &["2:7+1 supervisord.umask error: 9 can not be converted to an octal type (it has to be an octal number)"],
    );
    assert_told(
        "[program:a]\ncommand=sh\nautorestart=unexpectd\n",
        &["4:13+9 program:a.autorestart error: invalid 'autorestart' value 'unexpectd' (did you mean `unexpected`?)"],
    );
    assert_told(
        "[eventlistener:l]\ncommand=sh\nevents=TICK_5,\n  PROCESS_STATE_FATL\n",
        &["5:3+18 eventlistener:l.events error: Unknown event type PROCESS_STATE_FATL in [eventlistener:l] events \
         (did you mean `PROCESS_STATE_FATAL`?)"],
    );
}

#[test]
fn names_in_values() {
    let told = |command: &str, expected: &str| {
        assert_told(&format!("[program:a]\ncommand=sh -c {command}\n"), &[expected]);
    };
    told(
        "%(program_nam)s",
        "3:15+15 program:a.command error: Format string 'sh -c %(program_nam)s' for \
         'program:a.command' contains names ('program_nam') which cannot be expanded (did you mean `%(program_name)s`?)",
    );
    told(
        "%(ENV_COLOR)s",
        "3:15+13 program:a.command error: Format string 'sh -c %(ENV_COLOR)s' for \
         'program:a.command' contains names ('ENV_COLOR') which cannot be expanded (did you mean `%(ENV_COLOUR)s`?)",
    );
    told(
        "%(COLOUR)s",
        "3:15+10 program:a.command error: Format string 'sh -c %(COLOUR)s' for \
         'program:a.command' contains names ('COLOUR') which cannot be expanded (did you mean `%(ENV_COLOUR)s`?)",
    );
    told(
        "%(ENV_NOWHERE)s",
        "3:15+15 program:a.command error: Format string 'sh -c %(ENV_NOWHERE)s' for \
         'program:a.command' contains names ('ENV_NOWHERE') which cannot be expanded (the environment of supervisord \
         has no variable NOWHERE)",
    );
    told(
        "date\\ +%Y",
        "3:9+15 program:a.command error: Format string 'sh -c date\\\\ +%Y' for 'program:a.command' is \
         badly formatted: unsupported format character 'Y' (0x59) at index 14 (a percent sign that begins no %(name)s \
         is written %%)",
    );
}

#[test]
fn lines_that_are_nothing() {
    let folder = Folder::new();
    assert_eq!(
        problems(&folder, "[supervisord]\n  what is this ; here\nnodaemon=true\n[program:a\n= x\n"),
        [
            "2:3+12 error: this line is neither a section nor an option (write option = value; a line that belongs to \
             the value before it is indented, a comment begins with # or ;)",
            "4:1+10 error: this section header has no end (a `]` is missing)",
            "5:1+0 error: this line has a value without an option (write option = value)",
        ]
    );
    assert_eq!(
        problems(&folder, "nodaemon=true\n"),
        [
            "1:1+8 error: File contains no section headers. (a line like [supervisord] has to come before the first option)"
        ]
    );
}

#[test]
fn bytes_that_are_no_text_are_where_they_are() {
    let folder = Folder::new();
    let path = folder.write("main.conf", b"[supervisord]\n; caf\xe9\n");
    let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] };
    let report = check(&request);
    let place = report.errors[0].place().unwrap();
    assert_eq!((place.line, place.column), (2, 6));
    assert_eq!(report.sources[0].line(2), Some("; caf\u{fffd}"));
}

#[test]
fn what_nobody_knows() {
    assert_told(
        "pidfil=/tmp/x\nautostart=true\n[program:a]\ncommand=sh\nstoutlogfile=x\n[programs:b]\nx=%\n",
        &[
            "2:1+6 supervisord.pidfil warning: unknown option `pidfil` is ignored (did you mean `pidfile`?)",
            "3:1+9 supervisord.autostart warning: unknown option `autostart` is ignored (it belongs to [program:x])",
            "6:1+12 program:a.stoutlogfile warning: unknown option `stoutlogfile` is ignored (did you mean \
         `stdout_logfile`?)",
            "7:1+12 programs:b warning: unknown section [programs:b] is ignored (did you mean [program:b]?)",
        ],
    );
}

#[test]
fn what_is_missing() {
    assert_told(
        "[program:a]\n",
        &[
            "2:1+11 program:a.command error: program section program:a does not specify a command (write command = value: \
         what to run, with its arguments; no shell)",
        ],
    );
}

#[test]
fn members_of_groups() {
    assert_told(
        "[program:web]\ncommand=sh\n[eventlistener:l]\ncommand=sh\nevents=TICK_5\n\
         [group:g]\nprograms = wbe, l\n",
        &["8:12+3 group:g.programs error: [group:g] names unknown program or fcgi-program wbe (did you mean `web`?)"],
    );
    assert_told(
        "[program:web]\ncommand=sh\n[group:g]\nprograms = web\n[group:h]\nprograms = web\n",
        &[
            "7:12+3 group:h.programs warning: program web is in group g, too: it runs in each of them (take web out of one \
         of them, unless that is what you want)",
        ],
    );
}

#[test]
fn logs_that_are_shared() {
    assert_told(
        "logfile=/tmp/x.log\n[program:a]\ncommand=sh\nstdout_logfile=/tmp/../tmp/x.log\n",
        &[
            "5:16+17 program:a.stdout_logfile warning: /tmp/x.log is the log of supervisord itself, too (give each its own \
         file)",
        ],
    );
    assert_told(
        "[program:a]\ncommand=sh\nstdout_logfile=/tmp/y.log\nstderr_logfile=/tmp/y.log\n\
         [program:b]\ncommand=sh\nstdout_logfile=/tmp/y.log\n",
        &[
            "5:16+10 program:a.stderr_logfile warning: /tmp/y.log is the log of its stdout, too (redirect_stderr=true sends \
         stderr to the log of stdout)",
            "8:16+10 program:b.stdout_logfile warning: /tmp/y.log is the log of stdout of [program:a], too (give each its \
         own file)",
        ],
    );
    assert_told(
        "[program:a]\ncommand=sh\nnumprocs=3\nprocess_name=%(process_num)d\nstdout_logfile=/tmp/z.log\n",
        &["6:16+10 program:a.stdout_logfile warning: /tmp/z.log is the log of a:0, too (put %(process_num)d or \
         %(group_name)s into the name of the file)"],
    );
    assert_told("[program:a]\ncommand=sh\nstdout_logfile=/dev/stdout\nstderr_logfile=/dev/stdout\n", &[]);
}

#[test]
fn what_is_not_there() {
    assert_told(
        "[program:a]\ncommand=no-such-program x\ndirectory=/no/such\n[program:b]\ncommand=/no/such\n\
         [program:c]\ncommand=sh -c 'x\n[program:d]\ncommand=/tmp\n[program:e]\ncommand=/etc/passwd\n",
        &[
            "3:9+17 program:a.command warning: there is no program no-such-program in /bin:/usr/bin",
            "4:11+8 program:a.directory warning: there is no directory /no/such",
            "6:9+8 program:b.command warning: there is no /no/such",
            "8:9+8 program:c.command warning: this command cannot be split into words: No closing quotation",
            "10:9+4 program:d.command warning: /tmp is a directory",
            "12:9+11 program:e.command warning: /etc/passwd is not executable",
        ],
    );
    assert_told(
        "[program:a]\ncommand=sh\nuser=nosuchuser\n",
        &["4:6+10 program:a.user error: Invalid user name nosuchuser (it has to be name or id of a user)"],
    );
}

#[test]
fn what_supervisorctl_would_not_take_is_a_warning() {
    let hint = "a percent sign that begins no %(name)s is written %%";
    assert_told(
        "[supervisorctl]\nprompt=100%\n",
        &[
            "2:1+15 supervisorctl.serverurl warning: supervisorctl is to use http://localhost:9001, and there is no \
             server that listens (add [inet_http_server] with port = 127.0.0.1:9001)",
            &format!(
                "3:8+4 supervisorctl.prompt warning: Format string '100%' for 'supervisorctl.prompt' is badly \
                 formatted: incomplete format ({hint})"
            ),
        ],
    );
}

#[test]
fn server_that_supervisorctl_looks_for_is_the_one_that_is_proposed() {
    for (url, section) in [
        ("unix:///srv/app/s.sock", "[unix_http_server] with file = /srv/app/s.sock"),
        ("http://*:9001", "[inet_http_server] with port = 127.0.0.1:9001"),
        ("http://127.0.0.2:99", "[inet_http_server] with port = 127.0.0.2:99"),
    ] {
        assert_told(
            &format!("[supervisorctl]\nserverurl={url}\n"),
            &[&format!(
                "3:11+{} supervisorctl.serverurl warning: supervisorctl is to use {url}, and there is no server that \
                 listens (add {section})",
                url.len()
            )],
        );
    }
}

#[test]
fn problems_of_included_files_come_after_those_of_the_main_file() {
    let folder = Folder::new();
    folder.write("a.inc", "[program:a]\ncommand=sh\nusr=x\n");
    let path = folder.write("main.conf", "[include]\nfiles=*.inc none\n[supervisord]\nminfds=x\n");
    let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] };
    let report = check(&request);
    let places: Vec<String> = report
        .problems
        .iter()
        .map(|problem| problem.place.as_ref().map_or("nowhere".to_owned(), |place| folder.anonymous(place)))
        .collect();
    assert_eq!(places, ["nowhere", "{dir}/main.conf:4:8", "{dir}/a.inc:3:1"]);
    assert_eq!(report.sources.len(), 2);
}

#[test]
fn factories_that_name_nothing() {
    assert_told(
        "[rpcinterface:x]\nsupervisor.rpcinterface_factory=my.mod\n",
        &["3:33+6 rpcinterface:x.supervisor.rpcinterface_factory error: my.mod cannot be resolved within \
         [rpcinterface:x] (it has to be module:attribute)"],
    );
    assert_told(
        "[eventlistener:l]\ncommand=sh\nevents=TICK_5\nresult_handler=judge\n",
        &[
            "5:16+5 eventlistener:l.result_handler error: judge cannot be resolved within [eventlistener:l] (it has to be \
         module:attribute)",
        ],
    );
}
