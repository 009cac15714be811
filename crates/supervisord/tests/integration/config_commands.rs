//! `--check` and `--show-config`: what they print, their exit statuses, and that they start and touch nothing.
//!
//! The original has neither.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{project_root, supervisord, testing_the_original};

/// A folder with a configuration, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("config-commands-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        let folder = Self(path.canonicalize().expect("it was just made"));
        fs::write(folder.0.join("main.conf"), text.replace("{dir}", &folder.name())).expect("a file");
        folder
    }

    fn name(&self) -> String {
        self.0.display().to_string()
    }

    /// Exit status, standard output and standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        #[expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may run programs")]
        let output: Output = Command::new(supervisord())
            .arg("-c")
            .arg(self.0.join("main.conf"))
            .args(arguments)
            .env("DB_PASSWORD", "hush")
            .env("PLAIN_URL", "http://u:hush00@h/")
            .current_dir(&self.0)
            .output()
            .expect("the daemon runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").replace(&self.name(), "{dir}");
        (output.status.code().expect("it exits"), text(output.stdout), text(output.stderr))
    }

    /// The names of the files in it.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("it is there").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the folder is ours");
    }
}

const GOOD: &str = "[supervisord]\nlogfile={dir}/s.log\npidfile={dir}/s.pid\n[unix_http_server]\nfile={dir}/s.sock\n\
                    [supervisorctl]\nserverurl=unix://{dir}/s.sock\n[rpcinterface:supervisor]\n\
                    supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
                    [program:a]\ncommand=/bin/sh -c 'touch {dir}/started'\nstdout_logfile={dir}/a.log\n";

#[test]
fn good_configuration_passes_and_nothing_is_touched() {
    if testing_the_original() {
        return;
    }
    let folder = Folder::new("good", GOOD);
    assert_eq!(folder.run(&["--check", "--strict"]), (0, "0 errors, 0 warnings\n".to_owned(), String::new()));
    assert_eq!(folder.run(&["--check", "--format", "json"]), (0, String::new(), String::new()));
    assert_eq!(folder.run(&["--show-config"]).0, 0);
    assert_eq!(folder.files(), ["main.conf"]);
}

#[test]
fn warnings_count_when_they_are_to() {
    if testing_the_original() {
        return;
    }
    let folder = Folder::new("warnings", "[supervisord]\nlogfil=x\n");
    let told = "warning: unknown option `logfil` is ignored\n --> {dir}/main.conf:2:1\n  |\n1 | [supervisord]\n\
                2 | logfil=x\n  | ^^^^^^\n  |\n  = in: [supervisord] logfil\n  = help: did you mean `logfile`?\n\n0 errors, 1 warning\n";
    assert_eq!(folder.run(&["--check"]), (0, told.to_owned(), String::new()));
    assert_eq!(folder.run(&["--check", "--strict"]), (1, told.to_owned(), String::new()));
}

#[test]
fn errors_are_told_all_at_once_to_people_and_programs() {
    if testing_the_original() {
        return;
    }
    let folder = Folder::new("errors", "[supervisord]\nnodaemon=ture\n[program:é]\ncommand=sh -c %(nosuch)s\n");
    let (status, text, _) = folder.run(&["--check"]);
    assert_eq!(status, 2);
    assert!(text.contains("2 | nodaemon=ture\n  |          ^^^^\n"), "{text}");
    assert!(text.contains("4 | command=sh -c %(nosuch)s\n  |               ^^^^^^^^^^\n"), "{text}");
    assert!(text.ends_with("2 errors, 0 warnings\n") && !text.contains('\x1b'), "{text}");
    let (status, text, _) = folder.run(&["--check", "--format=json"]);
    assert_eq!(status, 2);
    let problems: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    assert_eq!(problems.len(), 2);
    assert_eq!(
        problems[0],
        serde_json::json!({
            "severity": "error", "file": "{dir}/main.conf", "line": 2, "column": 10, "length": 4,
            "section": "supervisord", "option": "nodaemon",
            "message": "not a valid boolean value: 'ture'", "hint": "did you mean `true`?",
        })
    );
    assert_eq!((&problems[1]["section"], &problems[1]["column"]), (&"program:é".into(), &15.into()));
}

#[test]
fn servers_and_interfaces_that_a_start_would_refuse_are_told() {
    if testing_the_original() {
        return;
    }
    let text = "[supervisord]\n[inet_http_server]\nport=*:9001\n[unix_http_server]\nfile={dir}/s.sock\nusername=u\npassword=$argon2id$x\n\
                [rpcinterface:supervisor]\n\
                supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\nretries=3\n";
    let folder = Folder::new("refused", text);
    let (status, text, _) = folder.run(&["--check"]);
    assert_eq!(status, 2);
    assert!(text.contains("warning: [inet_http_server] listens on every address, port 9001, "), "{text}");
    assert!(text.contains("3 | port=*:9001\n  |      ^^^^^^\n"), "{text}");
    assert!(text.contains("error: password= in [unix_http_server] is no argon2 hash"), "{text}");
    assert!(text.contains("error: Could not make supervisor rpc interface: "), "{text}");
    assert!(text.ends_with("2 errors, 2 warnings\n"), "{text}");
    let tls = "[supervisord]\n[inet_http_server]\nport=127.0.0.1:9001\ntls_cert={dir}/no.pem\ntls_key={dir}/no.key\n\
               [supervisorctl]\nserverurl=https://localhost:9001\n[rpcinterface:supervisor]\n\
               supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n";
    let (status, text, _) = Folder::new("certificate", tls).run(&["--check", "--format=json"]);
    let problem: Value = serde_json::from_str(&text).expect("one problem");
    assert_eq!((status, &problem["severity"], &problem["line"]), (2, &"error".into(), &3.into()));
    assert!(problem["message"].as_str().is_some_and(|said| said.contains("no.pem")), "{problem}");
}

#[test]
fn port_of_root_is_told_where_somebody_else_opens_it() {
    let first_open = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    let is_open = first_open.trim().parse().is_ok_and(|first: u32| first <= 80);
    if testing_the_original() || is_open {
        return;
    }
    let text =
        "[supervisord]\nlogfile=/dev/null\npidfile=/tmp/s.pid\nuser=nobody\n[inet_http_server]\nport=127.0.0.1:80\n";
    let (status, said, _) = Folder::new("port", text).run(&["--check"]);
    assert_eq!(status, 2);
    assert!(said.contains("are root's, and supervisord is somebody else when it opens them\n"), "{said}");
}

#[test]
fn file_that_is_not_there_is_an_error() {
    if testing_the_original() {
        return;
    }
    let folder = Folder::new("missing", "");
    fs::remove_file(folder.0.join("main.conf")).unwrap();
    let said = "could not find config file {dir}/main.conf";
    assert_eq!(folder.run(&["--check"]).1, format!("error: {said}\n\n1 error, 0 warnings\n"));
    let (status, _, error) = folder.run(&["--show-config"]);
    assert_eq!((status, error.lines().next()), (2, Some(format!("Error: {said}").as_str())));
}

#[test]
fn configuration_in_effect_reads_the_same_and_keeps_secrets() {
    if testing_the_original() {
        return;
    }
    let text = format!(
        "{GOOD}environment=API_KEY=\"abc\",PASS=%(ENV_DB_PASSWORD)s\nnumprocs=2\n\
                        process_name=%(program_name)s_%(process_num)02d\n"
    );
    let folder = Folder::new("shown", &text);
    let (status, shown, _) = folder.run(&["--show-config", "-e", "debug"]);
    assert_eq!(status, 0);
    assert!(shown.contains("loglevel = debug") && shown.contains("; command line"), "{shown}");
    assert!(!shown.contains("hush") && !shown.contains("abc"), "{shown}");
    fs::write(folder.0.join("main.conf"), shown.replace("{dir}", &folder.name())).unwrap();
    let (_, again, _) = folder.run(&["--show-config"]);
    let values = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with(';'));
        lines.map(|line| line.split(" ;").next().unwrap_or_default().trim_end().to_owned()).collect()
    };
    assert_eq!(values(&again), values(&shown));
    let (_, json, _) = folder.run(&["--show-config", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).expect("one object");
    assert_eq!(json["file"], "{dir}/main.conf");
    let program = json["sections"].as_array().unwrap().iter().find(|section| section["name"] == "program:a").unwrap();
    assert_eq!(program["processes"], serde_json::json!(["a:a_00", "a:a_01"]));
}

/// Every line but the first has a secret, or a mistake beside one.
const SECRETS: &str = "[supervisord]
environment=DB_PASS=hush01,MYSQL_PWD=\"hush02 hush03\",AUTH='hush04',AWS_CREDENTIALS=hush05,GPG_PASSPHRASE=hush06,\
URL=\"amqp://u:hush07@host/\",OPTS=\"-Dx.password=hush08 -v\",AUTHOR=me,KEYBOARD=de,PASSENGER_ENV=live
[unix_http_server]
file={dir}/s.sock
username=u
password = hush09
usernam=x
[program:a]
command=/bin/true --password=hush10 --api-key 'hush11 hush12' --author=me redis://:hush13@r:6379/0 -H 'Authorization: Bearer hush14'
usr=x
[program:b]
command=/usr/bin/env mysqldump -phush15 --port=1
dirctory=x
; password=hush16
[program:c]
command=/bin/sh -c \"PGPASSWORD=hush17 exec true 'http://h/?token=hush18&x=1'\" %(ENV_DB_PASSWORD)s %(ENV_PLAIN_URL)s
environment=
  A=1,
  SECRET_KEY=\"hush19\",
usre=x
[program:d]
command=/bin/true
environment=TOKEN=hush20 hush21,%%
stdout_syslo=hush22 --token=hush23
[mystery]
password=hush24
hook=https://u:hush25@h/
[supervisorctl]
serverurl=http://u:hush26@localhost:9001
passwort=hush27
";

#[test]
fn secrets_are_shown_by_neither_command() {
    if testing_the_original() {
        return;
    }
    let text = SECRETS.replace("\\\n", "");
    let folder = Folder::new("secrets", &text);
    let (_, plain, _) = folder.run(&["--check"]);
    let (_, json, _) = folder.run(&["--check", "--format", "json"]);
    assert!(plain.contains("********") && plain.matches("-->").count() > 6, "{plain}");
    // What cannot be read is no configuration in effect.
    let readable = text.replace(",%%", "");
    let folder = Folder::new("secrets-in-effect", &readable);
    let (status, ini, error) = folder.run(&["--show-config"]);
    assert_eq!((status, error.as_str()), (0, ""));
    let (_, json_in_effect, _) = folder.run(&["--show-config", "--format", "json"]);
    for (output, name) in [(&plain, "check"), (&json, "check json"), (&ini, "ini"), (&json_in_effect, "json")] {
        // The value of an option that nobody knows is no secret by its name.
        let told = output.replace("hush22", "");
        assert!(!told.contains("hush"), "{name}: {output}");
    }
    for shown in [
        "AUTHOR=\"me\"",
        "KEYBOARD=\"de\"",
        "PASSENGER_ENV=\"live\"",
        "--author=me",
        "redis://:********@r:6379/0",
        "--port=1",
    ] {
        assert!(ini.contains(shown), "{shown}: {ini}");
    }
    for line in ini.lines() {
        let (value, note) = line.rsplit_once(" ; ").unwrap_or((line, ""));
        assert!(!note.contains("masked") || value.contains("********"), "{line}");
    }
    let json: Value = serde_json::from_str(&json_in_effect).expect("one object");
    for option in json["sections"].as_array().unwrap().iter().flat_map(|section| section["options"].as_array().unwrap())
    {
        let has_mask = option["value"].as_str().is_some_and(|value| value.contains("********"));
        assert_eq!(option["masked"], has_mask, "{option}");
    }
}

#[test]
fn the_guide_shows_what_is_printed() {
    if testing_the_original() {
        return;
    }
    let guide = fs::read_to_string(project_root().join("docs/check.md")).expect("the guide");
    let mut blocks = guide.split("```").skip(1).step_by(2);
    let mut block = |begin: &str| blocks.find_map(|block| block.strip_prefix(begin)).expect("a block").to_owned();
    let (example, shown) = (block("ini\n"), block("\n"));
    let folder = Folder::new("guide", &example);
    let (status, said, _) = folder.run(&["--check"]);
    let without_blanks = |text: &str| text.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
    assert_eq!(status, 0);
    assert_eq!(without_blanks(&said.replace("{dir}/main.conf", "example.conf")), without_blanks(&shown));
}
