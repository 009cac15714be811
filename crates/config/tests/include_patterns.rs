//! `[include]` in folders of any name (quirk N98).

use supervisor_config::{LoadRequest, SupervisordOptions, load};

use crate::folder::{Folder, names};

#[test]
fn n98_folders_of_any_name_are_included_from() {
    for name in ["a b", "[x]", "what?", "star*", "it's", "tab\tbed", "a  b ", "größe"] {
        let folder = Folder::new();
        folder.write(&format!("{name}/conf.d/w.conf"), "[program:w]\ncommand=x\n");
        folder.write(&format!("{name}/extra.inc"), "[program:v]\ncommand=x\n");
        let quoted = format!("\"{}/{}/extra.inc\"", folder.path().display(), name);
        // Where it may be two patterns, quotes say that it is one; they cannot say so of a pattern's own signs.
        let quoted = if name.contains(['[', '?', '*', '\t']) { "extra.inc".to_owned() } else { quoted };
        for files in ["%(here)s/conf.d/*.conf extra.inc".to_owned(), format!("conf.d/*.conf\n  {quoted}")] {
            let text = format!("[supervisord]\n[include]\nfiles={files}\n");
            let path = folder.write(&format!("{name}/main.conf"), &text);
            let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] };
            let config = load(&request).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(names(&config), ["v: v", "w: w"], "{name} {files} {:?}", config.messages);
        }
    }
}

#[test]
fn n98_variables_have_one_pattern_or_several() {
    let folder = Folder::new();
    folder.write("my files/a.conf", "[program:a]\ncommand=x\n");
    folder.write("b.conf", "[program:b]\ncommand=x\n");
    folder.write("c.conf", "[program:c]\ncommand=x\n");
    let path = folder.write("main.conf", "[supervisord]\n[include]\nfiles=%(ENV_FOLDER)s/a.conf %(ENV_TWO)s\n");
    let environment =
        [("FOLDER", "my files"), ("TWO", "b.conf c.conf")].map(|(name, value)| (name.into(), value.into()));
    let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &environment };
    assert_eq!(names(&load(&request).unwrap()), ["a: a", "b: b", "c: c"]);
}
