//! What the table says of an option that nobody sets is what the core takes it for.

use supervisor_core::ProcessConfig;

use crate::folder::load;

#[test]
fn a_program_with_nothing_but_a_command_is_as_the_core_makes_one() {
    let config = load("[program:cat]\ncommand=/bin/cat\n").unwrap();
    assert_eq!(*config.groups[0].processes[0], ProcessConfig::new("cat", "/bin/cat"));
}
