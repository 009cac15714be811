//! From the command line to a session and its exit status (contract/config.md §6.2, contract/ctl.md §1).

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use signal_hook::consts::SIGINT;
use signal_hook::low_level::emulate_default_handler;
use supervisor_config::{
    ClientConfig, ClientOptions, SupervisorctlCommand, build_text, find_config_file, load_client,
    parse_supervisorctl_command_line, program_path,
};
use supervisor_core::raw_text;

use supervisor_protocol::SUPERVISOR_VERSION;

use crate::answers::FromValue as _;
use crate::client::Account;
use crate::completion_script::{self, FILE_WANTED};
use crate::completion_words::{self, Wanted};
use crate::controller::Controller;
use crate::descriptors;
use crate::extension_test;
use crate::failure::UrlOrigin;
use crate::foreign::{Foreign, Seed};
use crate::hash_password;
use crate::history::History;
use crate::limits::COMPLETION_TIMEOUT;
use crate::live::LiveWorld;
use crate::output::{Output, visible_on_one_line};
use crate::shell;
use crate::terminal;
use crate::tls::Tls;
use crate::world::{ProcessName, World as _};

/// Exit status of a command line or a configuration that cannot be used.
const USAGE: u8 = 2;

/// Does what the command line says and returns the exit status.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> u8 {
    let mut words = arguments.map(|word| raw_text::to_text(word.as_bytes()));
    let program = words.next().unwrap_or_else(|| "supervisorctl".to_owned());
    let words: Vec<String> = words.collect();
    let options = match parse_supervisorctl_command_line(&program, &words) {
        Ok(SupervisorctlCommand::Run(options)) => options,
        Ok(SupervisorctlCommand::Help(text)) => return show(&text),
        Ok(SupervisorctlCommand::Version { verbose: false }) => return show(&format!("{SUPERVISOR_VERSION}\n")),
        Ok(SupervisorctlCommand::Version { verbose: true }) => return show(&build_text("supervisorctl")),
        Err(error) => return refuse(&program, &error),
    };
    if let Some(status) = run_without_server(&program, &options) {
        return status;
    }
    match load(&program, &options) {
        Ok(config) => {
            for warning in &config.warnings {
                // Without a standard error there is nobody to tell.
                drop(writeln!(io::stderr().lock(), "warning: {}", visible_on_one_line(warning)));
            }
            serve(&options, config)
        }
        Err(error) => refuse(&program, &error),
    }
}

/// The commands that are no business of a server: `completion`, `hash-password` and `extension-test`. Only the command
/// line has them; in the shell they are unknown, as ever.
fn run_without_server(program: &str, options: &ClientOptions) -> Option<u8> {
    let words: Vec<&str> = options.arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["completion", "words", ..] => Some(print_candidates(program, options.arguments.get(2..).unwrap_or_default())),
        ["completion", shell] => match completion_script::script(shell) {
            Some(script) => Some(show(script)),
            None => Some(refuse(program, &Complaint("completion knows bash, zsh and fish"))),
        },
        ["completion", ..] => Some(refuse(program, &Complaint("completion requires the name of a shell"))),
        ["hash-password"] => Some(hash_password(program)),
        ["hash-password", ..] => Some(refuse(program, &Complaint("hash-password accepts no arguments"))),
        ["extension-test", words @ ..] => Some(test_extension(program, words)),
        [..] => None,
    }
}

fn test_extension(program: &str, words: &[&str]) -> u8 {
    let tested = extension_test::run(words, &mut standard_output());
    tested.unwrap_or_else(|complaint| refuse(program, &Complaint(&complaint)))
}

/// What is wrong with the words of a command.
#[derive(Debug)]
struct Complaint<'c>(&'c str);

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Complaint<'_> {}

/// For completion scripts: what the last word of a command line could become, one a line, behind a tab what it does.
fn print_candidates(program: &str, words: &[String]) -> u8 {
    let processes = |options: &[String]| process_names(program, options).unwrap_or_default();
    let foreign = |options: &[String]| foreign_commands(program, options).unwrap_or_default();
    match completion_words::wanted(words, processes, foreign) {
        Wanted::File => FILE_WANTED,
        Wanted::Candidates(candidates) => {
            let line = |candidate: completion_words::Candidate| match candidate.description.as_str() {
                "" => candidate.word + "\n",
                description => format!("{}\t{description}\n", candidate.word),
            };
            show(&candidates.into_iter().map(line).collect::<String>())
        }
    }
}

/// The names of the processes of the server that these options mean; `None` without an answer.
fn process_names(program: &str, options: &[String]) -> Option<Vec<ProcessName>> {
    let Ok(SupervisorctlCommand::Run(options)) = parse_supervisorctl_command_line(program, options) else {
        return None;
    };
    let config = load(program, &options).ok()?;
    let mut world = LiveWorld::new(account(&config), runtime().ok()?);
    world.set_deadline(COMPLETION_TIMEOUT);
    Vec::from_value(world.call("supervisor.getAllProcessInfo", &[]).ok()?).ok()
}

/// The names of commands that are not ours, as the configuration that these options mean has them.
fn foreign_commands(program: &str, options: &[String]) -> Option<Vec<String>> {
    let Ok(SupervisorctlCommand::Run(options)) = parse_supervisorctl_command_line(program, options) else {
        return None;
    };
    let config = load(program, &options).ok()?;
    let foreign = Foreign::new(&config, std::env::var_os("PATH").as_deref(), &[]);
    let seed = Seed { account: account(&config), origin: UrlOrigin::Default, interactive: false };
    Some(foreign.command_names(seed).list())
}

fn hash_password(program: &str) -> u8 {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(program, &error),
    };
    let nobody =
        Account { url: String::new(), username: None, password: None, tls: Tls::default(), server_users: Vec::new() };
    hash_password::run(&mut LiveWorld::new(nobody, runtime), &mut standard_output(), io::stdin().is_terminal())
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    descriptors::secure().map_err(io::Error::other)?;
    tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()
}

fn account(config: &ClientConfig) -> Account {
    Account {
        url: config.server_url.clone(),
        username: config.username.clone(),
        password: config.password.clone(),
        tls: Tls::new(config.tls.clone(), |name| std::env::var(name).ok()),
        server_users: config.server_users.clone(),
    }
}

fn show(text: &str) -> u8 {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

/// What is wrong, on standard error.
fn refuse(program: &str, error: &dyn std::error::Error) -> u8 {
    // Without a standard error there is nobody to tell.
    drop(io::stderr().lock().write_all(format!("Error: {error}\nFor help, use {program} -h\n").as_bytes()));
    USAGE
}

fn load(program: &str, options: &ClientOptions) -> Result<ClientConfig, supervisor_config::ConfigError> {
    let text = |text: OsString| raw_text::to_text(text.as_bytes());
    let environment: Vec<(String, String)> =
        std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let search_path = std::env::var("PATH").ok();
    let file = match &options.configuration {
        Some(path) => Some(PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(path)))),
        None => find_config_file(&program_path(program, search_path.as_deref())),
    };
    load_client(options, file.as_deref(), &environment)
}

/// Whether the person accepts colours (no-color.org), and the terminal knows them.
fn wants_colour() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && knows_escapes()
}

/// Whether the terminal does what escape sequences say.
fn knows_escapes() -> bool {
    std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

fn standard_output() -> Output {
    Output::new(Box::new(io::stdout()), Box::new(io::stderr()), io::stdout().is_terminal())
}

/// Another session beside that of the command line, for what a plug-in asks.
pub(crate) fn session(seed: Seed) -> io::Result<Controller> {
    let Seed { account, origin, interactive } = seed;
    let world = LiveWorld::new(account, runtime()?);
    Ok(Controller::new(Box::new(world), standard_output(), interactive, origin))
}

/// A single command, or the shell; the status of the shell is always 0.
fn serve(options: &ClientOptions, config: ClientConfig) -> u8 {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return refuse("supervisorctl", &error),
    };
    let account = account(&config);
    let search_path = std::env::var_os("PATH");
    let foreign = Foreign::new(&config, search_path.as_deref(), &options.arguments);
    let origin = match (&options.serverurl, config.path) {
        (Some(_), _) => UrlOrigin::Given,
        (None, Some(path)) => UrlOrigin::File(path),
        (None, None) => UrlOrigin::Default,
    };
    let out_is_terminal = io::stdout().is_terminal();
    let output = standard_output()
        .with_colour(wants_colour())
        .with_columns(terminal::columns)
        .with_lines(terminal::lines)
        .with_progress(knows_escapes());
    let seed = Seed { account: account.clone(), origin: origin.clone(), interactive: true };
    let world = LiveWorld::new(account, runtime);
    if options.arguments.is_empty() {
        let has_terminal = out_is_terminal && io::stdin().is_terminal();
        let history = has_terminal.then(|| History::open(config.history_file));
        let world = Box::new(world.for_shell(history, foreign.command_names(seed)));
        shell::run(&mut Controller::new(world, output, true, origin).with_foreign(foreign), &config.prompt);
        return 0;
    }
    let mut controller = Controller::new(Box::new(world), output, options.interactive, origin).with_foreign(foreign);
    if out_is_terminal {
        controller.world.catch_interrupts();
    }
    controller.execute(&options.arguments.join(" "));
    if controller.was_interrupted() {
        // As if it had not been caught: a loop of a shell ends with it.
        drop(emulate_default_handler(SIGINT));
    }
    controller.exit_status.number()
}
