//! All that `--check` prints, for each kind of mistake: `goldens/check/KIND.conf`, and beside it what is said of it.
//!
//! `BLESS=1 cargo test -p supervisord --test integration check_goldens` writes the answers anew; what has changed is to
//! be read, not only committed. In both files `{dir}` stands for a folder with what [`Furnished`] puts there, `{port}`
//! for a port that is taken, `{bom}` and `{latin1}` for bytes that no text file should have.
//!
//! The original has no `--check`.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{supervisord, testing_the_original};

/// Scripts and other files: name, mode, content.
const FILES: [(&str, u32, &str); 10] = [
    ("good.sh", 0o755, "#!/bin/sh\nexec sleep 1000\n"),
    ("crlf.sh", 0o755, "#!/bin/sh\r\nexec sleep 1000\r\n"),
    ("bare.sh", 0o755, "exec sleep 1000\n"),
    ("gone.sh", 0o755, "#!/no/such/interpreter\n"),
    ("env.py", 0o755, "#!/usr/bin/env no-such-python\n"),
    ("marked.sh", 0o755, "\u{feff}#!/bin/sh\n"),
    ("closed.sh", 0o700, "#!/bin/sh\n"),
    ("unreadable.sh", 0o711, "#!/bin/sh\n"),
    ("redis.conf", 0o644, "port 6379\ndaemonize yes\n"),
    ("parts/more.conf", 0o644, "[program:b]\ncommand = {dir}/good.sh\nautostart = false\n"),
];

/// Programs that are known by their names.
const DAEMONS: [&str; 11] = [
    "nginx",
    "php-fpm8.2",
    "redis-server",
    "sshd",
    "mysqld_safe",
    "apache2ctl",
    "gunicorn",
    "uwsgi",
    "cron",
    "rsyslogd",
    "exec-me",
];

/// A folder with all that the goldens name.
struct Furnished {
    path: PathBuf,
    taken: TcpListener,
    _taken_file: UnixListener,
}

impl Furnished {
    fn new() -> Self {
        // The length of its name is told where a path is too long.
        let path = PathBuf::from(format!("/tmp/check-goldens-{:010}", std::process::id()));
        for folder in ["bin", "logs", "parts", "private"] {
            fs::create_dir_all(path.join(folder)).expect("a temporary folder");
        }
        let furnished = Self {
            taken: TcpListener::bind("127.0.0.1:0").expect("a free port"),
            _taken_file: UnixListener::bind(path.join("taken.sock")).expect("a socket"),
            path,
        };
        let write = |name: &str, mode: u32, text: &str| {
            let file = furnished.path.join(name);
            fs::write(&file, furnished.filled_in(text)).expect("a file");
            fs::set_permissions(&file, Permissions::from_mode(mode)).expect("it is ours");
        };
        for (name, mode, text) in FILES {
            write(name, mode, text);
        }
        for name in DAEMONS {
            write(&format!("bin/{name}"), 0o755, "#!/bin/sh\n");
        }
        write("private/run.sh", 0o755, "#!/bin/sh\n");
        for (folder, mode) in [(".", 0o755), ("private", 0o700)] {
            fs::set_permissions(furnished.path.join(folder), Permissions::from_mode(mode)).expect("it is ours");
        }
        furnished
    }

    fn port(&self) -> String {
        self.taken.local_addr().expect("it listens").port().to_string()
    }

    fn filled_in(&self, text: &str) -> Vec<u8> {
        let text = text.replace("{dir}", &self.path.display().to_string()).replace("{port}", &self.port());
        let text = text.replace("{bom}", "\u{feff}");
        match text.split_once("{latin1}") {
            Some((before, after)) => [before.as_bytes(), b"\xe9", after.as_bytes()].concat(),
            None => text.into_bytes(),
        }
    }

    /// What `--check` prints about a file.
    fn said_of(&self, configuration: &Path) -> String {
        let text = fs::read_to_string(configuration).expect("a golden");
        let file = self.path.join("main.conf");
        fs::write(&file, self.filled_in(&text)).expect("a file");
        #[expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may run programs")]
        let output = Command::new(supervisord())
            .arg("-c")
            .arg(&file)
            .arg("--check")
            .env_clear()
            .env("PATH", format!("{}/bin:/usr/bin:/bin", self.path.display()))
            .env("HOME", "/nowhere")
            .current_dir(&self.path)
            .output()
            .expect("the daemon runs");
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        let dir = self.path.display().to_string();
        let said = said.replace(&dir, "{dir}").replace(&self.port(), "{port}");
        // Whoever listens is this test.
        let own = format!("(pid {}, ", std::process::id());
        let mut parts = said.split(&own);
        let mut said = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (_, rest) = part.split_once(')').unwrap_or_default();
            said += "(pid {pid}, {name})";
            said += rest;
        }
        format!("{said}exit status {}\n", output.status.code().expect("it exits"))
    }
}

impl Drop for Furnished {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.path).expect("the folder is ours");
    }
}

#[test]
fn each_kind_of_mistake_is_told_as_the_golden_says() {
    if testing_the_original() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/check");
    let furnished = Furnished::new();
    let before = fs::read_dir(&furnished.path).expect("it is there").count();
    let mut kinds = 0;
    let mut wrong = Vec::new();
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).expect("the goldens").flatten().map(|e| e.path()).collect();
    files.sort();
    for configuration in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "conf")) {
        kinds += 1;
        let said = furnished.said_of(configuration);
        let golden = configuration.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &said).expect("the repository can be written");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{}:\n{said}\nexpected:\n{expected}\n", golden.display()));
        }
    }
    assert!(kinds > 20, "{kinds}");
    assert!(wrong.is_empty(), "{}", wrong.concat());
    // A check leaves nothing behind but the configuration that it was given.
    assert_eq!(fs::read_dir(&furnished.path).expect("it is there").count(), before + 1);
}
