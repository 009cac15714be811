//! Files that are missing, unreadable, no files, too long, not text, or in odd places.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use supervisor_config::{LoadRequest, SupervisordOptions, limits, load};
use supervisor_core::LogLevel;

use crate::folder::{Folder, names};

fn load_path(path: &str) -> Result<supervisor_config::Config, String> {
    let request = LoadRequest { path: Path::new(path), command_line: &SupervisordOptions::default(), environment: &[] };
    load(&request).map_err(|error| error.to_string())
}

#[test]
fn a_file_must_be_there_and_readable_and_end() {
    assert_eq!(load_path("/no/such.conf").unwrap_err(), "could not find config file /no/such.conf");
    for path in ["/tmp", "/dev/zero"] {
        assert_eq!(load_path(path).unwrap_err(), format!("could not read config file {path}"));
    }
    let folder = Folder::new();
    let path = folder.write("secret.conf", "[supervisord]\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything.
    if !nix::unistd::getuid().is_root() {
        assert_eq!(
            load_path(path.to_str().unwrap()).unwrap_err(),
            format!("could not read config file {}", path.display())
        );
    }
}

#[test]
fn errors_name_the_file_as_it_was_typed() {
    let folder = Folder::new();
    folder.write("main.conf", "[supervisord]\nbad\n");
    let options =
        SupervisordOptions { configuration: Some("./x/../main.conf".into()), ..SupervisordOptions::default() };
    let error = folder.load_with(&options, &[]).unwrap_err();
    assert_eq!(error.to_string(), "Source contains parsing errors: './x/../main.conf'\n\t[line  2]: 'bad\\n'");
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let folder = Folder::new();
    let path = folder.path().join("pipe");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, "[supervisord]\nidentifier=piped\n")
    });
    assert_eq!(load_path(path.to_str().unwrap()).unwrap().supervisord.identifier, "piped");
    writer.join().unwrap().unwrap();
}

#[test]
fn an_included_pipe_is_not_waited_for() {
    let folder = Folder::new();
    nix::unistd::mkfifo(&folder.path().join("pipe.inc"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let warnings = folder.warnings("[supervisord]\n[include]\nfiles=*.inc /dev/zero\n");
    assert_eq!(
        warnings,
        [
            "Extra file \"{dir}/pipe.inc\" was skipped, it cannot be read: not a regular file",
            "Extra file \"/dev/zero\" was skipped, it cannot be read: not a regular file",
        ]
    );
}

#[test]
fn included_files_are_read_in_order_and_told() {
    let folder = Folder::new();
    folder.write("conf.d/b.conf", "[program:b]\ncommand=%(here)s\n");
    folder.write("conf.d/a.conf", "[program:a]\ncommand=%(here)s\n[supervisord]\nidentifier=a\n");
    folder.write("other/c.conf", "[program:c]\ncommand=x\n[include]\nfiles=nosuch\n");
    let config = folder
        .load("[supervisord]\nidentifier=main\n[program:m]\ncommand=%(here)s\n[include]\nfiles=conf.d/*.conf conf.d/../other/c.conf\n")
        .unwrap();
    assert_eq!(config.supervisord.identifier, "a");
    assert_eq!(names(&config), ["a: a", "b: b", "c: c", "m: m"]);
    let commands: Vec<String> =
        config.groups.iter().map(|group| folder.anonymous(&group.processes[0].command)).collect();
    assert_eq!(commands, ["{dir}/conf.d", "{dir}/conf.d", "x", "{dir}"]);
    let messages: Vec<_> = config.messages.iter().map(|(level, text)| (*level, folder.anonymous(text))).collect();
    let included = |path: &str| (LogLevel::Info, format!("Included extra file \"{{dir}}/{path}\" during parsing"));
    assert_eq!(messages, [included("conf.d/a.conf"), included("conf.d/b.conf"), included("conf.d/../other/c.conf")]);
}

#[test]
fn an_error_names_the_file_that_began_the_section() {
    let folder = Folder::new();
    folder.write("a.inc", "[program:a]\nstartsecs=x\ncommand=x\n");
    assert_eq!(
        folder.load("[supervisord]\n[include]\nfiles=a.inc\n").unwrap_err(),
        "invalid literal for int() with base 10: 'x' in section 'program:a' (file: '{dir}/a.inc')"
    );
    folder.write("a.inc", "[program:a]\nbad\n");
    assert_eq!(
        folder.load("[supervisord]\n[include]\nfiles=a.inc\n").unwrap_err(),
        "Source contains parsing errors: '{dir}/a.inc'\n\t[line  2]: 'bad\\n'"
    );
}

#[test]
fn bytes_that_are_no_text() {
    let folder = Folder::new();
    assert_eq!(
        folder.load(b"[supervisord]\n; caf\xe9 au lait\n").unwrap_err(),
        "'utf-8' codec can't decode byte 0xe9 in position 19: invalid continuation byte"
    );
    folder.write("a.inc", b"[program:a]\ncommand=\xff\n");
    assert_eq!(
        folder.load("[supervisord]\n[include]\nfiles=a.inc\n").unwrap_err(),
        "'utf-8' codec can't decode byte 0xff in position 20: invalid start byte"
    );
    // What is before the piece with the bad bytes is read first.
    let mut bytes = b"no header\n".repeat(1000);
    bytes.push(0xff);
    assert_eq!(
        folder.load(bytes).unwrap_err(),
        "File contains no section headers.\nfile: '{dir}/main.conf', line: 1\n'no header\\n'"
    );
}

#[test]
fn endless_lines_and_endless_programs_end() {
    let folder = Folder::new();
    let mut text = "[supervisord]\nidentifier=".to_owned();
    text += &" ;x".repeat(1 << 20);
    assert_eq!(folder.load(text).unwrap().supervisord.identifier, "");
    let error =
        folder.load("[supervisord]\n[program:a]\ncommand=x\nprocess_name=%(process_num)d\nnumprocs=9999999999\n");
    let in_section = "in section 'program:a' (file: '{dir}/main.conf')";
    assert_eq!(
        error.unwrap_err(),
        format!("numprocs 9999999999 is above upper bound ({}) {in_section}", limits::PROCESSES)
    );
    let error = folder.load("[supervisord]\n[program:a]\ncommand=%(program_name)999999999s\n").unwrap_err();
    assert!(error.contains("is badly formatted: width too big"), "{error}");
}

#[test]
fn here_is_absolute_and_normal() {
    let folder = Folder::new();
    folder.write("main.conf", "[supervisord]\nidentifier=%(here)s\n");
    let path = folder.path().join("./x/../main.conf");
    let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] };
    std::fs::create_dir(folder.path().join("x")).unwrap();
    let config = load(&request).unwrap();
    assert_eq!(
        (config.here.as_str(), config.path.as_path()),
        (folder.path().to_str().unwrap(), &*folder.path().join("main.conf"))
    );
    assert_eq!(config.supervisord.identifier, config.here);
}
