//! From the command line to a session and its exit status (contract/config.md §6.2, contract/ctl.md §1).

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use supervisor_config::{
    ClientConfig, ClientOptions, SupervisorctlCommand, find_config_file, load_client, parse_supervisorctl_command_line,
    program_path,
};

use crate::client::Account;
use crate::controller::Controller;
use crate::editor::Editor;
use crate::failure::UrlOrigin;
use crate::live::LiveWorld;
use crate::output::Output;
use crate::shell;

/// Exit status of a command line or a configuration that cannot be used.
const USAGE: u8 = 2;

/// Does what the command line says and returns the exit status.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> u8 {
    let mut words = arguments.map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_else(|| "supervisorctl".to_owned());
    let words: Vec<String> = words.collect();
    let options = match parse_supervisorctl_command_line(&program, &words) {
        Ok(SupervisorctlCommand::Run(options)) => options,
        Ok(SupervisorctlCommand::Help(text)) => return show(&text),
        Err(error) => return refuse(&program, &error),
    };
    match load(&program, &options) {
        Ok(config) => serve(&options, config),
        Err(error) => refuse(&program, &error),
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
    let variable = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    let environment: Vec<(String, String)> = std::env::vars_os().filter_map(variable).collect();
    let search_path = std::env::var("PATH").ok();
    let file = match &options.configuration {
        Some(path) => Some(PathBuf::from(path)),
        None => find_config_file(&program_path(program, search_path.as_deref())),
    };
    load_client(options, file.as_deref(), &environment)
}

/// A single command, or the shell; the status of the shell is always 0.
fn serve(options: &ClientOptions, config: ClientConfig) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse("supervisorctl", &error),
    };
    let account = Account { url: config.server_url, username: config.username, password: config.password };
    let origin = match (&options.serverurl, config.path) {
        (Some(_), _) => UrlOrigin::Given,
        (None, Some(path)) => UrlOrigin::File(path),
        (None, None) => UrlOrigin::Default,
    };
    let out_is_terminal = io::stdout().is_terminal();
    let output = Output::new(Box::new(io::stdout()), Box::new(io::stderr()), out_is_terminal);
    let world = LiveWorld::new(account, runtime);
    if options.arguments.is_empty() {
        let has_terminal = out_is_terminal && io::stdin().is_terminal();
        let editor = if has_terminal { Editor::new(config.history_file) } else { None };
        let world = Box::new(world.for_shell(editor));
        shell::run(&mut Controller::new(world, output, true, origin), &config.prompt);
        return 0;
    }
    let mut controller = Controller::new(Box::new(world), output, options.interactive, origin);
    controller.execute(&options.arguments.join(" "));
    controller.exit_status.number()
}
