//! An error knows more than its text.

use supervisor_config::SupervisordOptions;

use crate::folder::Folder;

#[test]
fn file_line_column_section_and_option() {
    let folder = Folder::new();
    let included = folder.write("a.inc", "\n[program:a]\ncommand=x\n  startsecs =   é\n");
    folder.write("main.conf", "[supervisord]\n[program:a]\n[include]\nfiles=a.inc\n");
    // Indented below `command`, the line belongs to its value.
    assert!(folder.load_with(&SupervisordOptions::default(), &[]).is_ok());
    folder.write("a.inc", "\n[program:a]\n  startsecs =   é\n");
    let error = folder.load_with(&SupervisordOptions::default(), &[]).unwrap_err();
    assert_eq!(error.file(), Some(included.to_str().unwrap()));
    assert_eq!((error.line(), error.place().unwrap().column), (Some(3), 17));
    assert_eq!((error.section(), error.option()), (Some("program:a"), Some("startsecs")));
    assert!(error.to_string().ends_with(
        "in section 'program:a' (file: '{dir}/main.conf')".replace("{dir}", folder.path().to_str().unwrap()).as_str()
    ));
}

#[test]
fn what_is_missing_is_blamed_on_the_header() {
    let folder = Folder::new();
    folder.write("main.conf", "[supervisord]\n\n[unix_http_server]\n");
    let error = folder.load_with(&SupervisordOptions::default(), &[]).unwrap_err();
    assert_eq!((error.line(), error.section(), error.option()), (Some(3), Some("unix_http_server"), Some("file")));
}
