//! Children of another user (contract/processes.md §9.3). Skipped where the tests do not run as root.

mod support;

use supervisor_core::ExitStatus;
use supervisor_sys::{Credentials, ExecFailure, Spawner, resolve_user};
use support::{METHODS, Program};

/// A user that most systems have and that is in no group but its own, or made up where there is none.
fn somebody() -> Credentials {
    let user = nix::unistd::User::from_name("nobody").expect("the user database can be read");
    user.and_then(|user| resolve_user(user.uid.as_raw()).ok()).unwrap_or_else(|| Credentials {
        uid: 65_534,
        gid: 65_534,
        groups: vec![65_534],
    })
}

#[test]
fn a_child_is_that_user_with_its_groups_and_nobody_else() {
    if !support::is_root("another user") {
        return;
    }
    let mut spawner = Spawner::new().unwrap();
    let nobody = somebody();
    let in_groups = Credentials { groups: vec![nobody.gid, 4, 24, 5000], ..nobody.clone() };
    for credentials in [nobody, in_groups] {
        for method in METHODS {
            let program = Program { credentials: Some(credentials.clone()), ..Program::cat() };
            let mut running = program.by(method).start(&mut spawner);
            running.wait_until_it_answers();
            let (uid, gid) = (credentials.uid.to_string(), credentials.gid.to_string());
            assert_eq!(support::status_of(running.pid(), "Uid"), [uid.as_str(); 4].join(" "), "{method:?}");
            assert_eq!(support::status_of(running.pid(), "Gid"), [gid.as_str(); 4].join(" "), "{method:?}");
            let mut groups = credentials.groups.clone();
            groups.sort_unstable();
            let groups: Vec<String> = groups.iter().map(u32::to_string).collect();
            assert_eq!(support::status_of(running.pid(), "Groups"), groups.join(" "), "{method:?}");
            assert_eq!(support::status_of(running.pid(), "CapEff"), "0000000000000000", "{method:?}");
            running.finish().output();
        }
    }
    assert!(nix::unistd::geteuid().is_root(), "and we have stayed who we are");
}

#[test]
fn groups_that_cannot_be_set_are_told() {
    if !support::is_root("another user") {
        return;
    }
    let mut spawner = Spawner::new().unwrap();
    // One more than the kernel takes (setgroups(2), NGROUPS_MAX).
    let credentials = Credentials { groups: vec![0; 65_537], ..somebody() };
    let uid = credentials.uid;
    let program = Program { credentials: Some(credentials), ..Program::cat() };
    for method in METHODS {
        let running = program.clone().by(method).start(&mut spawner);
        let pid = running.child.pid;
        let finished = running.finish();
        assert_eq!(finished.status, ExitStatus::Exited(127));
        assert_eq!(
            finished.stderr,
            format!(
                "supervisor: couldn't setuid to {uid}: Could not set groups of effective user\n\
                 supervisor: child process was not spawned\n"
            ),
            "{method:?}"
        );
        let words = format!("couldn't setuid to {uid}: Could not set groups of effective user");
        assert_eq!(spawner.take_failures(), [ExecFailure { pid, words }], "{method:?}");
    }
}

#[test]
fn who_is_not_root_cannot_start_as_another_user_and_tells() {
    let mut spawner = Spawner::new().unwrap();
    let finished = Program::probe(&["spawn-as-nonroot"]).run(&mut spawner);
    let text = "supervisor: couldn't setuid to 0: Can't drop privilege as nonroot user\n\
                supervisor: child process was not spawned\n";
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr),
        ("exit status 127\nexit status 127\nexit status 127\n", text.repeat(3))
    );
    assert_eq!(finished.status, ExitStatus::Exited(0));
}

#[test]
fn our_own_user_changes_nothing() {
    let mut spawner = Spawner::new().unwrap();
    // The groups are not to be set, so that also who is not root may name itself.
    let uid = nix::unistd::getuid().as_raw();
    let credentials = Credentials { uid, gid: 12_345, groups: vec![12_345] };
    let own_groups = support::status_of(i32::try_from(std::process::id()).unwrap(), "Groups");
    for method in METHODS {
        let program = Program { credentials: Some(credentials.clone()), ..Program::cat() };
        let mut running = program.by(method).start(&mut spawner);
        running.wait_until_it_answers();
        assert_eq!(support::status_of(running.pid(), "Groups"), own_groups, "{method:?}");
        running.finish().output();
    }
}

#[test]
fn root_is_resolved_with_its_primary_group_first() {
    let root = resolve_user(0).unwrap();
    assert_eq!((root.uid, root.gid, root.groups.first()), (0, 0, Some(&0)));
}

#[test]
fn a_number_without_an_entry_is_a_user_in_the_group_of_that_number_alone() {
    let nameless = Credentials { uid: 4_000_000_001, gid: 4_000_000_001, groups: vec![4_000_000_001] };
    assert_eq!(resolve_user(4_000_000_001), Ok(nameless));
}
