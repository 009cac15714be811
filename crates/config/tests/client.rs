//! supervisorctl's configuration.

use std::path::Path;

use supervisor_config::{ClientConfig, ClientOptions, ClientTlsFiles, CtlPluginConfig, load_client};

use crate::folder::Folder;

fn environment() -> Vec<(String, String)> {
    vec![("HOME".to_owned(), "/home/me".to_owned()), ("WHO".to_owned(), "admin".to_owned())]
}

fn read(folder: &Folder, text: &str, options: &ClientOptions) -> Result<ClientConfig, String> {
    let path = folder.write("main.conf", text);
    load_client(options, Some(&path), &environment()).map_err(|error| folder.anonymous(&error))
}

fn load(text: &str) -> Result<ClientConfig, String> {
    read(&Folder::new(), text, &ClientOptions::default())
}

#[test]
fn without_a_file_all_is_default() {
    let expected = ClientConfig {
        server_url: "http://localhost:9001".into(),
        username: None,
        password: None,
        prompt: "supervisor".into(),
        history_file: None,
        tls: ClientTlsFiles::default(),
        server_users: vec![],
        plugins: vec![],
        python_host: None,
        warnings: vec![],
        path: None,
    };
    assert_eq!(load_client(&ClientOptions::default(), None, &[]), Ok(expected.clone()));
    let config = load("[supervisorctl]\n").unwrap();
    assert_eq!(config, ClientConfig { path: config.path.clone(), ..expected });
}

#[test]
fn users_who_serve_are_taken_from_the_sections_of_the_server() {
    let users = |text: &str| load(&format!("{text}[supervisorctl]\n")).unwrap().server_users;
    assert_eq!(users("[supervisord]\nuser=root\n[unix_http_server]\nfile=/s\nchown=root:root\n"), [0, 0]);
    assert_eq!(users("[unix_http_server]\nfile=/s\nchown=0\n"), [0]);
    assert_eq!(users("[supervisord]\nuser=nobody-of-this-name\n[unix_http_server]\nchown=x:y\n"), [0; 0]);
}

#[test]
fn a_file_is_read() {
    let folder = Folder::new();
    let config = read(
        &folder,
        "[supervisorctl]\nserverurl=unix://%(here)s/x/../s.sock\nusername=%(ENV_WHO)s\npassword=pw\nprompt=p\n\
         history_file=~/.sc\n",
        &ClientOptions::default(),
    )
    .unwrap();
    assert_eq!(folder.anonymous(&config.server_url), "unix://{dir}/s.sock");
    assert_eq!((config.username.as_deref(), config.password.as_deref()), (Some("admin"), Some("pw")));
    assert_eq!((config.prompt.as_str(), config.history_file.as_deref()), ("p", Some(Path::new("/home/me/.sc"))));
    assert_eq!(config.path, Some(folder.path().join("main.conf")));
    for (url, expected) in [
        ("unix://~/s", "unix:///home/me/s"),
        ("unix:///a//b/./c", "unix:///a/b/c"),
        ("http://h:1/../x", "http://h:1/../x"),
        ("foo", "foo"),
        ("", ""),
    ] {
        assert_eq!(load(&format!("[supervisorctl]\nserverurl={url}\n")).unwrap().server_url, expected);
    }
    assert_eq!(load("[supervisorctl]\nhistory_file=\n").unwrap().history_file, None);
}

#[test]
fn the_command_line_wins() {
    let options = ClientOptions {
        serverurl: Some("unix://x/../y".into()),
        username: Some("u".into()),
        password: Some("p".into()),
        history_file: Some("~/h".into()),
        ..ClientOptions::default()
    };
    let text = "[supervisorctl]\nserverurl=http://file\nusername=a\npassword=b\nhistory_file=/f\n";
    let config = read(&Folder::new(), text, &options).unwrap();
    assert_eq!(config.server_url, "unix://x/../y", "taken as typed");
    assert_eq!((config.username.as_deref(), config.password.as_deref()), (Some("u"), Some("p")));
    assert_eq!(config.history_file.as_deref(), Some(Path::new("/home/me/h")));
}

#[test]
fn errors() {
    for (text, error) in [
        ("[supervisord]\n", ".ini file does not include supervisorctl section"),
        ("x=1\n", "File contains no section headers.\nfile: '{dir}/main.conf', line: 1\n'x=1\\n'"),
        ("[supervisorctl]\nx\n", "Source contains parsing errors: '{dir}/main.conf'\n\t[line  2]: 'x\\n'"),
        (
            "[supervisorctl]\nprompt=%(here)s\n",
            "Format string '%(here)s' for 'supervisorctl.prompt' contains names ('here') which cannot be expanded. \
             Available names: ENV_HOME, ENV_WHO",
        ),
        (
            "[supervisorctl]\nserverurl=%(x)s\n",
            "Format string '%(x)s' for 'supervisorctl.serverurl' contains names ('x') which cannot be expanded. \
             Available names: ENV_HOME, ENV_WHO, here",
        ),
    ] {
        assert_eq!(load(text), Err(error.to_owned()), "{text}");
    }
    let options = ClientOptions::default();
    let error = load_client(&options, Some(Path::new("/no/such")), &[]).unwrap_err();
    assert_eq!(error.to_string(), "could not find config file /no/such");
}

#[test]
fn plugins_come_with_their_options_and_those_that_cannot_be_read_cost_a_warning_each() {
    let folder = Folder::new();
    let read = |text: &str| read(&folder, text, &ClientOptions::default()).unwrap();
    let config = read(
        "[ctlplugin:b]\nsupervisor.ctl_factory = quick:make\nRetries = %(ENV_WHO)s\n[supervisorctl]\nprompt=a\n\
         [ctlplugin:a]\nsupervisor.ctl_factory = cache:make\n",
    );
    let options = vec![("retries".to_owned(), "admin".to_owned())];
    let told = |plugin: &CtlPluginConfig| (plugin.name.clone(), plugin.factory.clone(), plugin.options.clone());
    let expected = [("b", "quick:make", options), ("a", "cache:make", vec![])]
        .map(|(name, factory, options)| (name.to_owned(), factory.to_owned(), options));
    assert_eq!(config.plugins.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(config.warnings, [""; 0]);

    let file = config.path.as_ref().unwrap().display().to_string();
    let words = format!("[ctlplugin:b] in {file} line 1: there is no such module; its commands are missing");
    assert_eq!(config.plugins[0].warning("there is no such module"), words);

    for (text, warning) in [
        ("[ctlplugin:x]\n", "[ctlplugin:x] in FILE line 3: it has no supervisor.ctl_factory; its commands are missing"),
        (
            "[ctlplugin:x]\nsupervisor.ctl_factory=cache:make\nother=%(nosuch)s\n",
            "[ctlplugin:x] in FILE line 3: Format string '%(nosuch)s' for 'ctlplugin:x.other' contains names ('nosuch') \
             which cannot be expanded. Available names: ENV_HOME, ENV_WHO; its commands are missing",
        ),
    ] {
        let config = read(&format!("[supervisorctl]\nprompt=a\n{text}"));
        assert_eq!((config.prompt.as_str(), config.warnings), ("a", vec![warning.replace("FILE", &file)]));
        assert_eq!(config.plugins, []);
    }
}

#[test]
fn the_interpreter_of_plugins_is_taken_from_the_section_of_the_server() {
    let folder = Folder::new();
    let interpreter = |value: &str| {
        let text = format!("[supervisord]\npython_host={value}\n[supervisorctl]\n");
        let found = read(&folder, &text, &ClientOptions::default()).unwrap().python_host;
        found.map(|path| folder.anonymous(&path))
    };
    assert_eq!(interpreter("python3.11").as_deref(), Some("python3.11"));
    assert_eq!(interpreter("%(here)s/x/../bin/python").as_deref(), Some("{dir}/bin/python"));
    assert_eq!(interpreter(""), None);
    assert_eq!(interpreter("%(nosuch)s"), None);
}

/// Who says where the server is needs nothing from a file that was only found.
#[test]
fn a_file_that_was_only_found_is_not_needed_with_a_serverurl() {
    let folder = Folder::new();
    let (url, path) = ("unix:///s".to_owned(), folder.write("main.conf", ""));
    let given = ClientOptions { serverurl: Some(url.clone()), ..ClientOptions::default() };
    for (text, warnings) in
        [("[other]\nx=1\n", 0), ("[supervisord]\n", 0), ("", 0), ("{\"json\": 1}", 1), ("[supervisorctl\n", 1)]
    {
        folder.write("main.conf", text);
        let config = load_client(&given, Some(&path), &[]).unwrap();
        assert_eq!((&config.server_url, config.path, config.warnings.len()), (&url, None, warnings), "{text}");
        assert!(load_client(&ClientOptions::default(), Some(&path), &[]).is_err(), "{text}");
        let named = ClientOptions { configuration: Some(path.display().to_string()), ..given.clone() };
        assert!(load_client(&named, Some(&path), &[]).is_err(), "{text}");
    }
    folder.write("main.conf", "[supervisorctl]\nusername=u\n");
    assert_eq!(load_client(&given, Some(&path), &[]).unwrap().username.as_deref(), Some("u"));
}

#[test]
fn include_means_nothing_to_the_client() {
    let config = load("[supervisorctl]\nprompt=a\n[include]\n").unwrap();
    assert_eq!(config.prompt, "a");
}
