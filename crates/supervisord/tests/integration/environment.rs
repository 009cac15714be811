//! What programs are told by their environment, and that nobody else is (docs/environment.md).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::hung_disks::{answer_again, can_mount_fuse, hang, started_with_hanging_file_system};
use crate::support::{TestDaemon, http_get, is_root, testing_the_original, until};

/// What no log, answer or event may hold.
const CANARY: &str = "canary-7f3a91";

/// A program that tells its environment, one variable a line, and stays.
fn teller(name: &str, options: &str) -> String {
    format!(
        "[program:{name}]\ncommand=/bin/sh -c \"/usr/bin/env > {{dir}}/{name}.tmp; \
         mv {{dir}}/{name}.tmp {{dir}}/{name}.env; exec sleep 1000\"\nstartsecs=0\n{options}\n"
    )
}

/// The variables that a program was started with, sorted.
fn told(daemon: &TestDaemon, name: &str) -> Vec<String> {
    let path = daemon.path(&format!("{name}.env"));
    let text = until("the program tells its environment", || fs::read_to_string(&path).ok());
    // What the shell sets by itself says nothing of us.
    let own = |line: &&str| !["_=", "PWD=", "SHLVL=", "OLDPWD="].iter().any(|begin| line.starts_with(begin));
    let mut lines: Vec<String> = text.lines().filter(own).map(ToOwned::to_owned).collect();
    lines.sort_unstable();
    lines
}

fn value_of(lines: &[String], name: &str) -> Option<String> {
    lines.iter().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

#[test]
fn each_source_wins_over_those_before_it() {
    if testing_the_original() {
        return;
    }
    let names = ["A", "B", "C", "D", "E", "F", "G"];
    let lines = |from: usize, value: &str| names[from..].join(&format!("={value}\n")) + &format!("={value}\n");
    let configured =
        |from: usize, value: &str| names[from..].join(&format!("=\"{value}\",")) + &format!("=\"{value}\",");
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]\nenv_file={{dir}}/common\nenvironment={}\n{}",
        configured(2, "section"),
        teller(
            "web",
            &format!(
                "env_dir={{dir}}/vars\nenv_file={{dir}}/one,-{{dir}}/missing,{{dir}}/two\nenvironment={}\n\
                 secret_env=G:{{dir}}/secret\nunset_env=X_*",
                configured(5, "own")
            )
        )
    ));
    daemon.set_variable("A", "inherited");
    daemon.set_variable("X_OUT", "inherited");
    daemon.write("common", &lines(1, "common"));
    fs::create_dir(daemon.path("vars")).unwrap();
    for name in &names[3..] {
        daemon.write(&format!("vars/{name}"), "directory\nsecond line\n");
    }
    daemon.write("one", &lines(4, "one"));
    daemon.write("two", "X_IN=file\n");
    daemon.write("secret", "whole\nfile\n");
    daemon.start();
    let told = told(&daemon, "web");
    let values: Vec<_> = names.iter().map(|name| value_of(&told, name).unwrap()).collect();
    assert_eq!(values, ["inherited", "common", "section", "directory", "one", "own", "whole"]);
    assert!(told.contains(&"file".to_owned()), "the rest of the secret: {told:?}");
    assert!(!told.iter().any(|line| line.starts_with("X_")), "{told:?}");
    daemon.stop();
}

#[test]
fn a_cleared_environment_has_what_is_passed_and_what_is_said() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "{}{}{}",
        teller("usual", "clear_env=true"),
        teller("chosen", "clear_env=true\npass_env=NOISE*\nenvironment=PATH=\"/usr/bin:/bin\""),
        teller("nothing", "unset_env=*"),
    ));
    daemon.set_variable("NOISE", "x");
    daemon.set_variable("LC_ALL", "C");
    daemon.start();
    let names = |name: &str| -> Vec<String> {
        let lines = told(&daemon, name);
        let names = lines.iter().map(|line| line.split('=').next().unwrap().to_owned());
        names.filter(|name| !name.starts_with("SUPERVISOR_") && !["LANG", "TZ"].contains(&name.as_str())).collect()
    };
    assert_eq!(names("usual"), ["HOME", "LC_ALL", "PATH"]);
    assert_eq!(names("chosen"), ["NOISE", "PATH"]);
    assert_eq!(names("nothing"), [""; 0]);
    assert_eq!(told(&daemon, "nothing"), ["SUPERVISOR_ENABLED=1"]);
    daemon.stop();
}

#[test]
fn files_are_read_anew_at_each_start_and_what_is_wrong_with_one_is_its_spawn_error() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&teller("web", "env_file={dir}/web.file\nautostart=false\nstartretries=0"));
    daemon.start();
    let failed = |daemon: &TestDaemon, expected: &str| {
        daemon.ctl(&["start", "web"]);
        let expected = daemon.filled_in(expected);
        assert_eq!(daemon.info("web")["spawnerr"].as_text(), expected, "{}", daemon.log());
        assert!(!daemon.log().contains(CANARY));
    };
    failed(&daemon, "cannot read env_file {dir}/web.file: ENOENT");
    daemon.write("web.file", &format!("A=1\n\n{CANARY}\n"));
    failed(&daemon, "env_file {dir}/web.file, line 3: this is no NAME=value");
    daemon.write("web.file", &format!("A='{CANARY}\n"));
    failed(&daemon, "env_file {dir}/web.file, line 1: the quote that begins here has no end");
    daemon.write("web.file", &"A=1\n".repeat((1 << 18) + 1));
    failed(&daemon, "env_file {dir}/web.file: it is larger than 1048576 bytes");
    fs::remove_file(daemon.path("web.file")).unwrap();
    fs::create_dir(daemon.path("web.file")).unwrap();
    failed(&daemon, "cannot read env_file {dir}/web.file: EISDIR");
    fs::remove_dir(daemon.path("web.file")).unwrap();
    nix::unistd::mkfifo(&daemon.path("web.file"), nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    failed(&daemon, "env_file {dir}/web.file: it is no regular file");
    fs::remove_file(daemon.path("web.file")).unwrap();
    std::os::unix::fs::symlink("/proc/self/environ", daemon.path("web.file")).unwrap();
    daemon.ctl(&["start", "web"]);
    assert!(daemon.info("web")["spawnerr"].as_text().contains("there is a zero byte"), "{:?}", daemon.info("web"));
    fs::remove_file(daemon.path("web.file")).unwrap();

    for value in ["first", "second"] {
        daemon.write("web.file", &format!("export VALUE=\"{value}\"\n"));
        fs::remove_file(daemon.path("web.env")).ok();
        daemon.ctl(&["start", "web"]);
        assert_eq!(value_of(&told(&daemon, "web"), "VALUE").as_deref(), Some(value));
        daemon.ctl(&["stop", "web"]);
    }
    daemon.stop();
}

#[test]
fn secrets_are_told_to_their_program_and_to_nobody_else() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[inet_http_server]\nport=127.0.0.1:{{port}}\n{}\
         [program:failing]\ncommand=/no/such/program\nsecret_env=A:{{dir}}/secret\ncredential=key:{{dir}}/secret\n\
         startretries=0\n",
        teller(
            "web",
            "env_file={dir}/file\nenv_dir={dir}/vars\nsecret_env=SECRET:{dir}/secret\ncredential=key:{dir}/secret"
        ),
    ));
    daemon.write("secret", CANARY);
    fs::create_dir(daemon.path("vars")).unwrap();
    for (file, text) in [("file", format!("FILE={CANARY}\n")), ("vars/DIRECTORY", format!("{CANARY}\n"))] {
        daemon.write(file, &text);
    }
    for (file, mode) in [("secret", 0o600), ("file", 0o600)] {
        fs::set_permissions(daemon.path(file), Permissions::from_mode(mode)).unwrap();
    }
    daemon.launch(&["-n", "-e", "blather"]);
    daemon.wait_until_it_answers();
    let told = told(&daemon, "web");
    for name in ["FILE", "DIRECTORY", "SECRET"] {
        assert_eq!(value_of(&told, name).as_deref(), Some(CANARY), "{name}");
    }
    let folder = value_of(&told, "CREDENTIALS_DIRECTORY").expect("it has one");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(fs::read_to_string(Path::new(&folder).join("key")).unwrap(), CANARY);
    assert_eq!((mode(Path::new(&folder)), mode(&Path::new(&folder).join("key"))), (0o500, 0o400));
    daemon.wait_for_state("failing", "FATAL");

    let mut seen = vec![daemon.log(), daemon.program().stdout(), daemon.program().stderr()];
    for words in [&["status"][..], &["status", "--format", "json"], &["avail"], &["maintail"], &["reread"]] {
        let answer = daemon.ctl(words);
        seen.extend([answer.stdout, answer.stderr]);
    }
    for method in ["getAllProcessInfo", "getAllConfigInfo", "reloadConfig"] {
        seen.push(format!("{:?}", daemon.call(&format!("supervisor.{method}"), &[])));
    }
    for path in ["/", "/api/v1/processes", "/api/v1/summary", "/api/v1/groups", "/metrics"] {
        seen.push(http_get(daemon.port(), path).unwrap().1);
    }
    for options in [&["--show-config"][..], &["--check"]] {
        let shown = daemon.run(options);
        assert!(options[0] != "--show-config" || shown.stdout.contains("env_file"), "{}", shown.stdout);
        seen.extend([shown.stdout, shown.stderr]);
    }
    let own = fs::read(format!("/proc/{}/environ", daemon.program().pid())).unwrap();
    seen.push(String::from_utf8_lossy(&own).into_owned());
    for text in seen {
        assert!(!text.contains(CANARY), "{text}");
    }
    daemon.ctl(&["stop", "web"]);
    until("its credentials are gone", || (!Path::new(&folder).exists()).then_some(()));
    daemon.stop();
}

#[test]
fn other_users_see_nothing_of_a_program_with_secrets() {
    if testing_the_original() || !is_root("another user") {
        return;
    }
    let mut daemon = TestDaemon::prepared(&teller(
        "web",
        "user=daemon\nlogin_env=true\nsecret_env=SECRET:{dir}/secret\ncredential=key:{dir}/secret",
    ));
    daemon.write("secret", CANARY);
    fs::set_permissions(daemon.path("secret"), Permissions::from_mode(0o604)).unwrap();
    fs::set_permissions(daemon.path(""), Permissions::from_mode(0o777)).unwrap();
    daemon.start();
    let told = told(&daemon, "web");
    let entry = nix::unistd::User::from_name("daemon").unwrap().expect("each system has it");
    for (name, value) in [("USER", "daemon"), ("LOGNAME", "daemon"), ("HOME", entry.dir.to_str().unwrap())] {
        assert_eq!(value_of(&told, name).as_deref(), Some(value));
    }
    assert_eq!(value_of(&told, "SECRET").as_deref(), Some(CANARY));
    let folder = value_of(&told, "CREDENTIALS_DIRECTORY").expect("it has one");
    let readable_by = |user: &str, path: &str| {
        let uid = nix::unistd::User::from_name(user).unwrap().expect("each system has it").uid;
        let mut command = Command::new("/bin/cat");
        std::os::unix::process::CommandExt::uid(&mut command, uid.as_raw());
        command.arg(path);
        #[expect(clippy::disallowed_methods, reason = "the test is no supervisord")]
        command.output().unwrap().status.success()
    };
    assert!(readable_by("daemon", &format!("{folder}/key")));
    assert!(!readable_by("nobody", &format!("{folder}/key")));
    assert!(!readable_by("nobody", &format!("/proc/{}/environ", daemon.pid_of("web"))));
    daemon.wait_for_log("with a secret of web, can be read by everybody");
    assert_eq!(daemon.log_lines("can be read by everybody").len(), 1);
    assert!(!daemon.log().contains(CANARY));
    daemon.stop();
}

#[test]
fn variables_on_a_file_system_that_hangs_keep_their_program_waiting_and_nobody_else() {
    if testing_the_original() || !can_mount_fuse() {
        return;
    }
    let mut daemon = started_with_hanging_file_system(&format!(
        "{}[program:other]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n",
        teller("web", "env_file={dir}/mnt/web.file\nautostart=false\nstartretries=1000"),
    ));
    fs::write(daemon.path("store/web.file"), "VALUE=remote\n").expect("the folder is ours");
    hang(&daemon);
    daemon.ctl(&["start", "web"]);
    let no_answer = daemon.filled_in("env_file {dir}/mnt/web.file: no answer");
    assert_eq!(daemon.info("web")["spawnerr"].as_text(), no_answer);
    for _ in 0..20 {
        daemon.call("supervisor.startProcess", &["other".into()]).expect("it starts");
        daemon.call("supervisor.stopProcess", &["other".into()]).expect("it ends");
    }
    assert_eq!(daemon.state("web"), "BACKOFF");
    answer_again(&daemon);
    assert_eq!(value_of(&told(&daemon, "web"), "VALUE").as_deref(), Some("remote"));
    daemon.stop();
}
