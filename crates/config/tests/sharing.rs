//! What programs have in common is kept once.

use std::sync::Arc;

use crate::folder::load;

#[test]
fn equal_environments_are_one() {
    let config = load(
        "environment=A=1\n[program:a]\ncommand=x\n[program:b]\ncommand=x\n\
         [program:c]\ncommand=x\nenvironment=B=2\nnumprocs=2\nprocess_name=%(process_num)d\n\
         [program:d]\ncommand=x\nenvironment=B=2\n[program:e]\ncommand=x\nenvironment=A=%(program_name)s\n",
    )
    .unwrap();
    let environments: Vec<_> = config
        .groups
        .iter()
        .flat_map(|group| &group.processes)
        .map(|process| process.environment.variables.clone())
        .collect();
    let [a, b, c0, c1, d, e] = environments.as_slice() else { panic!("{} processes", environments.len()) };
    assert!(Arc::ptr_eq(a, b) && Arc::ptr_eq(c0, c1) && Arc::ptr_eq(c0, d));
    assert_eq!(**c0, [("A".into(), "1".into()), ("B".into(), "2".into())]);
    assert_eq!(**e, [("A".into(), "e".into())]);
}

#[test]
fn variables_of_one_process_are_names_for_itself_and_the_next() {
    let config = load(
        "environment=BASE=b\n[program:a]\nnumprocs=2\nprocess_name=%(process_num)d\n\
         environment=OWN=\"%(process_num)d%(ENV_BASE)s\"\ncommand=%(ENV_OWN)s\n",
    )
    .unwrap();
    let commands: Vec<&str> = config.groups[0].processes.iter().map(|process| &*process.command).collect();
    assert_eq!(commands, ["0b", "1b"]);
}
