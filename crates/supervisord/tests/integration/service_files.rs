//! What starts supervisord on a machine (`packaging/`): the unit, its drop-in, the script of `/etc/init.d`.

#![expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may start what looks at files")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{TestDaemon, not_tested, project_root, supervisord, testing_the_original, until};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";

fn packaged(name: &str) -> String {
    fs::read_to_string(project_root().join("packaging").join(name)).expect("it is part of the repository")
}

/// The settings of a unit file, each with its section.
fn settings(unit: &str) -> Vec<(String, String, String)> {
    let (mut section, mut found) = (String::new(), Vec::new());
    for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
            continue;
        }
        let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("no setting: {line}"));
        assert!(!section.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()), "{line}");
        found.push((section.clone(), name.to_owned(), value.to_owned()));
    }
    found
}

fn values<'a>(settings: &'a [(String, String, String)], wanted: &str) -> Vec<&'a str> {
    settings.iter().filter(|(_, name, _)| name == wanted).map(|(.., value)| value.as_str()).collect()
}

#[test]
fn the_unit_is_what_the_guide_says() {
    let unit = settings(&packaged("systemd/supervisord.service"));
    assert_eq!(values(&unit, "Type"), ["notify"]);
    assert_eq!(values(&unit, "KillMode"), ["mixed"]);
    assert_eq!(values(&unit, "TimeoutStopSec"), ["5min"]);
    assert_eq!(values(&unit, "OOMPolicy"), ["continue"]);
    assert_eq!(values(&unit, "TasksMax"), ["infinity"]);
    assert_eq!(values(&unit, "WantedBy"), ["multi-user.target"]);
    let reloads = values(&unit, "ExecReload");
    assert!(reloads[0].contains(" --check ") && reloads[1] == "/bin/kill -HUP $MAINPID", "{reloads:?}");
    let hardening = settings(&packaged("systemd/hardening.conf"));
    assert!(hardening.iter().all(|(section, ..)| section == "Service"));
    // Whatever programs are likely to notice is off.
    for name in ["NoNewPrivileges", "ProtectHome", "PrivateTmp", "MemoryDenyWriteExecute", "CapabilityBoundingSet"] {
        assert!(packaged("systemd/hardening.conf").contains(&format!("\n#{name}=")), "{name}");
        assert_eq!(values(&hardening, name), Vec::<&str>::new());
    }
}

#[test]
fn systemd_takes_the_unit_with_all_that_hardens_it() {
    if testing_the_original() {
        return; // it has no unit
    }
    let daemon = TestDaemon::prepared("");
    let program = supervisord().to_str().expect("a plain path").to_owned();
    daemon.write(
        "supervisord.service",
        &packaged("systemd/supervisord.service").replace("/usr/bin/supervisord", &program),
    );
    let drop_in = daemon.path("supervisord.service.d");
    fs::create_dir(&drop_in).expect("the folder is ours");
    // What is off is text too: it is looked at with the rest.
    let all_on = packaged("systemd/hardening.conf").replace("\n#", "\n");
    let all_on: Vec<&str> = all_on.lines().filter(|line| !line.starts_with(' ') && !line.starts_with("# ")).collect();
    let all_on: Vec<&str> = all_on
        .into_iter()
        .filter(|line| line.starts_with('[') || line.split_once('=').is_some_and(is_setting))
        .collect();
    assert!(all_on.contains(&"NoNewPrivileges=yes"), "{all_on:?}");
    fs::write(drop_in.join("hardening.conf"), all_on.join("\n") + "\n").expect("the folder is ours");
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no"]).arg(daemon.path("supervisord.service"));
    let Ok(said) = command.output() else {
        return not_tested("systemd-analyze is not installed: it does not look at the unit");
    };
    let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert_eq!((said.status.code(), words.as_str()), (Some(0), ""));
}

/// Whether a line of the drop-in, its comment sign taken away, sets something.
fn is_setting((name, _): (&str, &str)) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric())
}

#[test]
fn the_command_line_of_the_unit_starts_a_daemon() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    let unit = settings(&packaged("systemd/supervisord.service"));
    let start = values(&unit, "ExecStart")[0];
    let words: Vec<&str> = start.split(' ').collect();
    assert_eq!(words[0], "/usr/bin/supervisord");
    let (options, rest) = words[1..].split_at(2);
    assert_eq!(rest, ["-c", "/etc/supervisor/supervisord.conf", "$DAEMON_OPTS"]);
    let mut daemon = TestDaemon::prepared(CAT);
    daemon.launch(options);
    daemon.wait_until_it_answers();
    daemon.stop();
}

#[test]
fn the_script_of_init_d_starts_tells_reloads_and_stops() {
    if testing_the_original() || !std::path::Path::new("/usr/sbin/start-stop-daemon").exists() {
        return not_tested("start-stop-daemon is not installed: nothing tries the script of /etc/init.d");
    }
    let daemon = TestDaemon::prepared(CAT);
    let program = supervisord().to_str().expect("a plain path").to_owned();
    let script = packaged("sysv/supervisor").replace("/etc/default/supervisor", "{dir}/default");
    daemon.write("supervisor", &script);
    daemon.write(
        "default",
        &format!("DAEMON={program}\nCONFIG={{dir}}/supervisord.conf\nPIDFILE={{dir}}/supervisord.pid\n"),
    );
    fs::set_permissions(daemon.path("supervisor"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let init = |action: &str| {
        // Whatever it starts carries the daemon's mark.
        let ended = daemon.start_script(&daemon.filled_in(&format!("exec {{dir}}/supervisor {action}"))).wait_for_end();
        (ended.status, ended.stdout)
    };
    assert_eq!(init("status"), (3, "supervisord is not running\n".to_owned()));
    assert_eq!(init("start").0, 0);
    // It comes back when its server answers.
    assert!(daemon.try_call("supervisor.getState", &[]).is_ok());
    assert_eq!(init("start").0, 0);
    assert_eq!(init("status"), (0, "supervisord is running\n".to_owned()));
    assert_eq!(init("reload").0, 0);
    until("it has started twice", || (daemon.log_lines("supervisord started with pid").len() == 2).then_some(()));
    daemon.configure("[program:cat]\n");
    assert_ne!(init("reload").0, 0);
    assert_ne!(init("restart").0, 0);
    assert_eq!(init("status").0, 0);
    assert_eq!(daemon.log_lines("supervisord started with pid").len(), 2);
    daemon.configure(CAT);
    assert_eq!(init("restart").0, 0);
    assert_eq!(daemon.log_lines("supervisord started with pid").len(), 3);
    assert_eq!(init("stop").0, 0);
    daemon.assert_nothing_left();
    assert_eq!(init("stop").0, 0);
    assert_eq!(init("status").0, 3);
    assert_eq!(init("start-all").0, 2);
}
