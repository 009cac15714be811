//! The configuration in effect: every value with its origin, and a file that means the same.

use supervisor_config::{
    Config, EffectiveConfig, LoadRequest, MASK, Origin, Place, Secrets, SupervisordOptions, effective_config, load,
};

use crate::folder::Folder;

const GOLDENS: &str = include_str!("goldens/python.txt");

fn environment(folder: &Folder) -> Vec<(String, String)> {
    let home = folder.path().to_string_lossy().into_owned();
    [
        ("HOME", home.as_str()),
        ("GOLDEN", "golden"),
        ("GOLDEN_NUMBER", "42"),
        ("DB_PASSWORD", "hush"),
        ("ODD", "a ;b\n#c"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn shown(folder: &Folder, text: &str, options: &SupervisordOptions, secrets: Secrets) -> EffectiveConfig {
    let path = folder.write("main.conf", text);
    let request = LoadRequest { path: &path, command_line: options, environment: &environment(folder) };
    effective_config(&request, secrets).expect("a good configuration")
}

/// A configuration without what says where it was read from.
fn meaning(mut config: Config) -> Config {
    for server in &mut config.http_servers {
        server.place = Place { file: "".into(), line: 0, column: 0 };
    }
    Config { path: "".into(), messages: Vec::new(), ..config }
}

#[track_caller]
fn assert_reads_the_same(folder: &Folder, text: &str) {
    let path = folder.write("main.conf", text);
    let (options, environment) = (SupervisordOptions::default(), environment(folder));
    let request = LoadRequest { path: &path, command_line: &options, environment: &environment };
    let Ok(original) = load(&request) else { return };
    let written = effective_config(&request, Secrets::Shown).expect("it was just read").to_string();
    let path = folder.write("written.conf", &written);
    let again = load(&LoadRequest { path: &path, command_line: &options, environment: &environment });
    let again = again.unwrap_or_else(|error| panic!("{error}\n{text}\n=>\n{written}"));
    assert_eq!(meaning(again), meaning(original), "{text}\n=>\n{written}");
}

#[test]
fn it_reads_the_same() {
    let folder = Folder::new();
    let plain = |text: &str| text.replace("\\n", "\n").replace("{dir}", &folder.path().to_string_lossy());
    let mut count = 0;
    for line in GOLDENS.lines() {
        let mut fields = line.split('\t');
        match (fields.next(), fields.next(), fields.next()) {
            (Some("file"), Some(name), Some(text)) => {
                folder.write(name, plain(text.strip_prefix('=').unwrap()));
            }
            (Some("load"), Some(text), Some(outcome)) if outcome.starts_with('=') => {
                assert_reads_the_same(&folder, &plain(text));
                count += 1;
            }
            _ => {}
        }
    }
    assert!(count > 200, "{count}");
}

#[test]
fn odd_values_read_the_same() {
    let folder = Folder::new();
    let program = "[supervisord]\nenvironment=G=\"100%%\",COLOUR=red\n[program:a]\n";
    for text in [
        "command=%(ENV_ODD)s\n",
        "command=x %(ENV_GOLDEN)s 100%% %(ENV_G)s\nstdout_logfile=%(here)s/100%%%%-%(program_name)s.log\n",
        "command=x\n  ; no part of it\n\n  y\n   z\n",
        "command=x\nenvironment=A=\"b ;c #d\",B='it\"s',C=%(ENV_GOLDEN)s,D=\"\\\\\"\n",
        "numprocs=3\nprocess_name=p%(process_num)02d\nenvironment=N=\"%(process_num)d\",M=1\n\
         command=x %(ENV_N)s %(ENV_M)s %(numprocs)d\nstdout_logfile=%(here)s/%(process_num)d-%(ENV_N)s.log\n",
        "command=x %(group_name)s\n[group:g]\nprograms=a\n[group:h]\nprograms=a\n",
        "command=x a;b;c\ndirectory=#x\n",
        "command=x\nredirect_stderr=true\nstderr_logfile=/tmp/x\nstopasgroup=true\n",
        "command=x\n[fcgi-program:f]\ncommand=x\nsocket=unix:///tmp/%(program_name)s.sock\nsocket_mode=0770\nuser=root\n",
        "command=x\n[fcgi-program:f]\ncommand=x\nsocket=tcp://localhost:9\nsocket_backlog=7\n",
        "command=x\n[eventlistener:l]\ncommand=x\nevents=TICK_5\nnumprocs=2\nprocess_name=%(process_num)d\n",
        "command=x\n[unix_http_server]\nfile=~/../x.sock\nusername=u\npassword=%(ENV_DB_PASSWORD)s\nchown=root\n",
        "command=x\n[inet_http_server:1]\nport=*:9001\n[inet_http_server]\nport=Host:80\n[DEFAULT]\nstartsecs=7\n",
    ] {
        assert_reads_the_same(&folder, &format!("{program}{text}"));
    }
}

#[test]
fn each_value_says_where_it_is_from() {
    let folder = Folder::new();
    let options = SupervisordOptions { minfds: Some(7), ..SupervisordOptions::default() };
    let text = "[DEFAULT]\nstartsecs=5\n[supervisord]\nminfds=3\nloglevel=warn\n\
                [program:a]\ncommand=sh\nnosuch=1\n[mystery]\nx=1\n";
    let config = shown(&folder, text, &options, Secrets::Masked);
    let names: Vec<&str> = config.sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, ["supervisord", "program:a", "mystery"]);
    let option = |section: usize, name: &str| {
        let option = config.sections[section].options.iter().find(|option| option.name == name).unwrap();
        let origin = match &option.origin {
            Origin::File(place) => place.line.to_string(),
            Origin::Default => "default".to_owned(),
            Origin::CommandLine => "command line".to_owned(),
        };
        (option.value.as_ref().map_or("none", |value| &value.text), origin, option.is_read)
    };
    assert_eq!(option(0, "minfds"), ("7", "command line".to_owned(), true));
    assert_eq!(option(0, "loglevel"), ("warn", "5".to_owned(), true));
    assert_eq!(option(0, "minprocs"), ("200", "default".to_owned(), true));
    assert_eq!(option(0, "user"), ("none", "default".to_owned(), true));
    assert_eq!(option(0, "childlogdir"), ("/tmp", "default".to_owned(), true));
    assert_eq!(option(1, "startsecs"), ("5", "2".to_owned(), true));
    assert_eq!(option(1, "process_name"), ("a", "default".to_owned(), true));
    assert_eq!(option(1, "killasgroup"), ("false", "default".to_owned(), true));
    assert_eq!(option(1, "nosuch"), ("1", "8".to_owned(), false));
    assert_eq!(config.sections[1].processes, ["a:a"]);
    assert_eq!(config.sections[2].section_type, None);
    let written = config.to_string();
    assert!(written.contains(&format!("\nminfds = 7{:41}; command line\n", "")), "{written}");
    assert!(written.contains("; nosuch = 1 ; ignored, "), "{written}");
    assert!(written.contains("; [mystery]\n; unknown and ignored, "), "{written}");
}

#[test]
fn secrets_are_masked() {
    let folder = Folder::new();
    let text = "[supervisord]\nenvironment=API_KEY=\"abc\",PLAIN=1,EMPTY_TOKEN=\"\"\n\
                [unix_http_server]\nfile=x.sock\nusername=u\npassword=%(ENV_DB_PASSWORD)s\n\
                [program:a]\ncommand=x --pw %(ENV_DB_PASSWORD)s %(ENV_API_KEY)s\n\
                environment=PGPASSWORD='a b',URL=\"%(ENV_DB_PASSWORD)s\"\n\
                [supervisorctl]\nusername=u\npassword=pass\n\
                [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
                my_secret=xyz\n";
    let written = shown(&folder, text, &SupervisordOptions::default(), Secrets::Masked).to_string();
    for secret in ["hush", "abc", "a b", "pass\n", "= pass ", "xyz"] {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
    for line in [
        format!("environment = API_KEY=\"{MASK}\",PLAIN=\"1\",EMPTY_TOKEN=\"\""),
        "command = x --pw %(ENV_DB_PASSWORD)s %(ENV_API_KEY)s".to_owned(),
        format!("environment = PGPASSWORD=\"{MASK}\",URL=\"%(ENV_DB_PASSWORD)s\""),
        format!("password = {MASK}"),
        format!("my_secret = {MASK}"),
    ] {
        assert!(written.contains(&line), "{line} not in {written}");
    }
    folder.write("main.conf", &written);
    assert!(folder.load_with(&SupervisordOptions::default(), &environment(&folder)).is_ok());
    let open = shown(&folder, text, &SupervisordOptions::default(), Secrets::Shown).to_string();
    assert!(open.contains("command = x --pw hush abc"), "{open}");
}
