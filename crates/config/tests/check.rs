//! A check tells all that is wrong, each thing once, where `load` tells the first.

use supervisor_config::{LoadRequest, Severity, SupervisordOptions, check, load};

use crate::folder::Folder;

const BROKEN: &str = "\
[supervisord]
minfds = many
umask = 9
nosuch = 1
[program:a b]
[program:p]
startsecs = x
priority = y
stdout_logfile = /no/such/dir/p.log
numprocs = 3
process_name = p%(process_num)d
environment = A
[eventlistener:l]
command = %(nosuch)s
[group:g]
programs = q
[inet_http_server]
[rpcinterface:r]
supervisor.rpcinterface_factory = nowhere
";

#[test]
fn everything_is_told_in_the_order_of_discovery() {
    let folder = Folder::new();
    let path = folder.write("main.conf", BROKEN);
    let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] };
    let report = check(&request);
    let errors: Vec<String> = report
        .errors
        .iter()
        .map(|error| {
            let text = error.to_string();
            let first_words: Vec<&str> = text.split(' ').take(4).collect();
            format!("{}:{} {}", error.line().unwrap(), error.place().unwrap().column, first_words.join(" "))
        })
        .collect();
    assert_eq!(
        errors,
        [
            "2:10 invalid literal for int()",
            "3:9 9 can not be",
            "19:35 nowhere cannot be resolved",
            "16:12 [group:g] names unknown program",
            "5:1 Invalid name: 'a b'",
            "8:12 invalid literal for int()",
            "7:13 invalid literal for int()",
            "12:15 Unexpected end of key/value",
            "9:18 The directory named as",
            "6:1 program section program:p does",
            "13:1 [eventlistener:l] section requires an",
            "14:11 Format string '%(nosuch)s' for",
            "17:1 section [inet_http_server] has no",
        ]
    );
    assert_eq!(load(&request).unwrap_err(), report.errors[0]);
    let warnings: Vec<_> = report.problems.iter().filter(|problem| problem.severity == Severity::Warning).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].place.as_ref().unwrap().line, 4);
}

#[test]
fn a_good_file_has_no_errors() {
    let folder = Folder::new();
    let path = folder.write("main.conf", "[supervisord]\n[program:a]\ncommand=sh\n");
    let report = check(&LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] });
    assert!(report.errors.is_empty() && report.problems.is_empty(), "{report:?}");
}

#[test]
fn a_check_goes_on_after_a_bad_line_and_without_the_main_section() {
    let folder = Folder::new();
    let path = folder.write("main.conf", "[program:a]\nbad\n[include]\n");
    let report = check(&LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] });
    let texts: Vec<String> = report.errors.iter().map(|error| folder.anonymous(error)).collect();
    assert_eq!(
        texts,
        [
            "Source contains parsing errors: '{dir}/main.conf'\n\t[line  2]: 'bad\\n'",
            ".ini file has [include] section, but no files setting",
            ".ini file does not include supervisord section",
            "program section program:a does not specify a command in section 'program:a' (file: '{dir}/main.conf')",
        ]
    );
    let missing =
        LoadRequest { path: "/no/such".as_ref(), command_line: &SupervisordOptions::default(), environment: &[] };
    assert_eq!(check(&missing).errors[0].to_string(), "could not find config file /no/such");
}
