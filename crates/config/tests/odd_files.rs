//! Files that are endless, loops, or lead elsewhere: reading them ends, with a word about it.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};

use supervisor_config::{LoadRequest, SupervisordOptions, check};

use crate::folder::{Folder, names};

#[test]
fn a_file_that_includes_itself_is_read_twice_and_no_more() {
    let folder = Folder::new();
    let config = folder.load("[supervisord]\n[include]\nfiles=*.conf main.conf\n[program:a]\ncommand=x\n").unwrap();
    assert_eq!(names(&config), ["a: a"]);
    let included = config.messages.iter().filter(|(_, text)| text.starts_with("Included extra file"));
    assert_eq!(included.count(), 2);
}

#[test]
fn files_that_include_each_other_are_read_once() {
    let folder = Folder::new();
    folder.write("a.inc", "[include]\nfiles=b.inc\n[program:a]\ncommand=x\n");
    folder.write("b.inc", "[include]\nfiles=a.inc\n[program:b]\ncommand=x\n");
    assert_eq!(names(&folder.load("[supervisord]\n[include]\nfiles=a.inc\n").unwrap()), ["a: a"]);
    assert_eq!(names(&folder.load("[supervisord]\n[include]\nfiles=*.inc\n").unwrap()), ["a: a", "b: b"]);
}

/// A file of 100 MB that is one line; it takes no room on the disk.
fn endless_line(folder: &Folder, name: &str) {
    let file = File::create(folder.path().join(name)).expect("a file");
    file.set_len(100 << 20).expect("a file with a hole");
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused() {
    let folder = Folder::new();
    endless_line(&folder, "main.conf");
    let error = folder.load_with(&SupervisordOptions::default(), &[]).unwrap_err();
    assert_eq!(folder.anonymous(&error), "could not read config file {dir}/main.conf");
    endless_line(&folder, "long.inc");
    assert_eq!(
        folder.warnings("[supervisord]\n[include]\nfiles=*.inc\n"),
        ["Extra file \"{dir}/long.inc\" was skipped, it cannot be read: longer than 16777216 bytes"]
    );
}

#[test]
fn a_line_of_a_megabyte_is_read() {
    let folder = Folder::new();
    let value = "x".repeat(1 << 20);
    let config = folder.load(format!("[supervisord]\nidentifier={value}\n")).unwrap();
    assert_eq!(config.supervisord.identifier.len(), 1 << 20);
    let path = folder.write("main.conf", format!("[supervisord]\n{value}\n"));
    let report = check(&LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] });
    assert_eq!((report.problems.len(), report.problems[0].length), (1, 1 << 20));
}

#[test]
fn a_link_that_leads_to_itself_is_told() {
    let folder = Folder::new();
    symlink("loop.inc", folder.path().join("loop.inc")).unwrap();
    assert_eq!(
        folder.warnings("[supervisord]\n[include]\nfiles=*.inc\n"),
        ["Extra file \"{dir}/loop.inc\" was skipped, it cannot be read: ELOOP"]
    );
    symlink("main.conf", folder.path().join("main2.conf")).unwrap();
    fs::remove_file(folder.path().join("main.conf")).unwrap();
    symlink("main2.conf", folder.path().join("main.conf")).unwrap();
    let error = folder.load_with(&SupervisordOptions::default(), &[]).unwrap_err();
    assert_eq!(folder.anonymous(&error), "could not find config file {dir}/main.conf");
}

#[test]
fn an_include_that_may_not_be_read_is_told() {
    let folder = Folder::new();
    let path = folder.write("a.inc", "[program:a]\ncommand=x\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let warnings = folder.warnings("[supervisord]\n[include]\nfiles=*.inc\n");
    // Root may read everything.
    if nix::unistd::getuid().is_root() {
        assert!(warnings.is_empty());
    } else {
        assert_eq!(warnings, ["Extra file \"{dir}/a.inc\" was skipped, it cannot be read: EACCES"]);
    }
}

#[test]
fn links_and_dots_are_taken_by_their_names() {
    let folder = Folder::new();
    folder.write("real/deep/main.conf", "[supervisord]\nidentifier=%(here)s\n[include]\nfiles=../conf.d/*.conf\n");
    folder.write("conf.d/a.conf", "[program:a]\ncommand=%(here)s\n");
    folder.write("real/conf.d/b.conf", "[program:b]\ncommand=%(here)s\n");
    symlink("real/deep", folder.path().join("link")).unwrap();
    let path = folder.path().join("link/main.conf");
    let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] };
    let config = supervisor_config::load(&request).unwrap();
    assert_eq!(folder.anonymous(&config.supervisord.identifier), "{dir}/link");
    // The folder is named `link/..`, which to the kernel is `real`; only the name in `%(here)s` is made shorter.
    assert_eq!(names(&config), ["b: b"]);
    assert_eq!(folder.anonymous(&config.groups[0].processes[0].command), "{dir}/conf.d");
}
