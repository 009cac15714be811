//! What a child finds when it is started (contract/processes.md §3.3), by either method.

mod support;

use std::fs;
use std::os::fd::AsFd;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{Pid, getpgid, getsid};
use supervisor_core::{ExitStatus, Signal};
use supervisor_sys::{ExecFailure, Spawner};
use support::{Finished, METHODS, Program, c_string, dev_null, wait_for_end};

#[test]
fn a_child_sees_its_three_descriptors_and_no_other() {
    let mut spawner = Spawner::new().unwrap();
    let null = dev_null();
    // Open in the daemon and not closed on exec, low and high.
    let leaks: Vec<i32> = [251, 900].map(|least| fcntl(&null, FcntlArg::F_DUPFD(least)).unwrap()).into();
    assert!(leaks.iter().zip([251, 900]).all(|(fd, least)| *fd >= least));
    for method in METHODS {
        let mut running = Program::cat().by(method).start(&mut spawner);
        running.wait_until_it_answers();
        assert_eq!(support::descriptors_of(running.pid()), [0, 1, 2], "{method:?}");
        assert_eq!(running.finish().output(), "", "{method:?}");
    }
    for fd in leaks {
        nix::unistd::close(fd).unwrap();
    }
}

#[test]
fn its_ends_are_blocking_though_the_daemons_are_not() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let mut running = Program::cat().by(method).start(&mut spawner);
        running.wait_until_it_answers();
        for end in [running.stdin.as_ref().unwrap().as_fd(), running.stdout.as_fd(), running.stderr.as_fd()] {
            supervisor_sys::pipe::set_nonblocking(end).unwrap();
        }
        for fd in 0..=2 {
            let info = fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", running.pid())).unwrap();
            let flags = support::status_field(&info, "flags");
            let flags = OFlag::from_bits_retain(i32::from_str_radix(&flags, 8).unwrap());
            assert!(!flags.contains(OFlag::O_NONBLOCK), "fd {fd} by {method:?}");
        }
        running.finish().output();
    }
}

#[test]
fn nothing_is_blocked_or_handled_and_only_pipe_and_xfsz_are_ignored() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let mut running = Program::cat().by(method).start(&mut spawner);
        running.wait_until_it_answers();
        let state = ["SigBlk", "SigIgn", "SigCgt", "SigPnd"].map(|field| support::status_of(running.pid(), field));
        let ignored = support::mask_of(&[libc::SIGPIPE, libc::SIGXFSZ]);
        let none = support::mask_of(&[]);
        assert_eq!(state, [none.clone(), ignored, none.clone(), none], "{method:?}");
        running.finish().output();
    }
}

#[test]
fn it_leads_a_process_group_in_our_session() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let mut running = Program::cat().by(method).start(&mut spawner);
        let pid = Pid::from_raw(running.pid());
        assert_eq!(getpgid(Some(pid)), Ok(pid), "{method:?}: from the first moment on");
        running.wait_until_it_answers();
        assert_eq!(getsid(Some(pid)), getsid(None), "{method:?}");
        running.finish().output();
    }
}

#[test]
fn words_environment_directory_and_umask_are_as_planned() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let mut program = Program::script("echo \"$0|$1|$A|$PWD\"; umask; env | sort").by(method);
        program.argv.extend([c_string("zero"), c_string("one")]);
        program.environment = vec![c_string("A=b c"), c_string("PATH=/usr/bin:/bin")];
        program.directory = Some(c_string("/usr"));
        program.attributes.umask = Some(0o027);
        let output = program.run(&mut spawner).output();
        assert!(output.starts_with("zero|one|b c|/usr\n0027\nA=b c\n"), "{method:?}: {output}");
    }
}

#[test]
fn the_first_word_need_not_be_the_file() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let mut program = Program::new("/bin/sh", &["-c", "echo \"$0\""]).by(method);
        program.argv[0] = c_string("-login");
        let mut program_shows_argv0 = Program::cat().by(method);
        program_shows_argv0.argv = vec![c_string("as written")];
        let mut running = program_shows_argv0.start(&mut spawner);
        running.wait_until_it_answers();
        assert_eq!(fs::read(format!("/proc/{}/cmdline", running.pid())).unwrap(), b"as written\0");
        running.finish().output();
        assert_eq!(program.run(&mut spawner).output(), "-login\n");
    }
}

#[test]
fn a_failure_is_told_on_fd_2_by_status_127_and_to_us_in_the_same_words() {
    let mut spawner = Spawner::new().unwrap();
    let folder = support::Folder::new();
    let no_format = folder.path("no-format");
    fs::write(&no_format, "neither a script nor a program").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&no_format, executable).unwrap();
    let no_format = no_format.to_str().unwrap();
    let missing = Program::new("/no/such/program", &["argument"]);
    let nowhere = Program { directory: Some(c_string("/no/such")), ..Program::cat() };
    let refused = Program { refusal: Some("couldn't setuid to 7: Can't find uid 7".to_owned()), ..Program::cat() };
    let table = [
        (missing, "couldn't exec /no/such/program: ENOENT".to_owned()),
        (Program::new("/etc", &[]), "couldn't exec /etc: EACCES".to_owned()),
        (Program::new(no_format, &[]), format!("couldn't exec {no_format}: ENOEXEC")),
        (nowhere, "couldn't chdir to /no/such: ENOENT".to_owned()),
        (refused, "couldn't setuid to 7: Can't find uid 7".to_owned()),
    ];
    for method in METHODS {
        for (program, text) in &table {
            let running = program.clone().by(method).start(&mut spawner);
            let pid = running.child.pid;
            let expected = Finished {
                status: ExitStatus::Exited(127),
                stdout: String::new(),
                stderr: format!("supervisor: {text}\nsupervisor: child process was not spawned\n"),
            };
            assert_eq!(running.finish(), expected, "{method:?}");
            let told = spawner.take_failures();
            assert_eq!(told, [ExecFailure { pid, words: text.clone() }], "{method:?}");
        }
    }
}

#[test]
fn a_failure_with_the_longest_of_names_does_not_hold_us_up() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let program = Program::new(&"x/".repeat(100_000), &[]).by(method);
        let finished = program.run(&mut spawner);
        assert_eq!(finished.status, ExitStatus::Exited(127));
        assert!(finished.stderr.contains("x/x/: ENAMETOOLONG\n"), "{method:?}");
    }
}

#[test]
fn a_signal_sent_right_after_the_spawn_is_not_lost() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        for _ in 0..200 {
            let running = Program::cat().by(method).start(&mut spawner);
            running.send(Signal::TERM);
            let status = wait_for_end(&running.child);
            assert_eq!(status, ExitStatus::Signaled { signal: libc::SIGTERM, core_dumped: false }, "{method:?}");
        }
    }
}

#[test]
fn the_readers_see_the_end_when_the_child_is_gone() {
    // The slots hold no copy of its ends.
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let running = Program::script("echo out; echo err >&2; exit 3").by(method).start(&mut spawner);
        let expected =
            Finished { status: ExitStatus::Exited(3), stdout: "out\n".to_owned(), stderr: "err\n".to_owned() };
        assert_eq!(running.finish(), expected, "{method:?}");
    }
}

#[test]
fn a_grandchild_started_later_works_as_in_a_shell() {
    let mut spawner = Spawner::new().unwrap();
    for method in METHODS {
        let output = Program::script("echo one | cat; (echo two)").by(method).run(&mut spawner).output();
        assert_eq!(output, "one\ntwo\n", "{method:?}");
    }
}
