//! A thousand children leave nothing behind.

mod support;

use std::os::fd::AsFd;

use supervisor_core::ExitStatus;
use supervisor_sys::Spawner;
use support::{METHODS, Program, descriptors_of, dev_null, wait_for_end};

#[test]
fn a_thousand_spawns_leak_no_descriptor_and_no_child() {
    let mut spawner = Spawner::new().unwrap();
    let null = dev_null();
    let ends = [0, 1, 2].map(|number| (null.as_fd(), number));
    let own = i32::try_from(std::process::id()).unwrap();
    let before = descriptors_of(own);
    for method in METHODS {
        let good = Program::new("/bin/true", &[]).by(method);
        let bad = Program::new("/no/such/program", &[]).by(method);
        for _ in 0..500 {
            for (program, status) in [(&good, 0), (&bad, 127)] {
                let child = program.start_with(&mut spawner, &ends).unwrap();
                assert_eq!(wait_for_end(&child), ExitStatus::Exited(status), "{method:?}");
            }
        }
        assert_eq!(descriptors_of(own), before, "{method:?}");
    }
    assert_eq!(supervisor_sys::peek_any().unwrap(), None);
    assert!(!supervisor_sys::may_adopt_children());
}
