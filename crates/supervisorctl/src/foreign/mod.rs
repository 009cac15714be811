//! Commands that others have written: of the plug-ins that the configuration names, then executables in `PATH`. Our own
//! always win.
//!
//! Nothing of it runs before it is needed: a line that begins with a command of ours never gets here, so that a plug-in
//! that cannot be loaded costs its own commands only. The interpreter of plug-ins starts with the first command that is
//! not ours, or with `help` for something that is not, and lasts as long as the session.

mod command_names;
mod executable;
mod plugin_host;
mod questions;
mod search_path;

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::rc::Rc;

use supervisor_config::{ClientConfig, CtlPluginConfig, plugin_interpreter};

use crate::actions;
use crate::client::Account;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, UrlOrigin};
use crate::format;
use crate::output::{Output, visible_on_one_line};
pub(crate) use command_names::CommandNames;
use plugin_host::{PluginHost, Purpose, Request, Said};
use search_path::SearchPath;

/// What there is besides our own commands. The default is nothing.
#[derive(Default)]
pub(crate) struct Foreign {
    plugins: Vec<CtlPluginConfig>,
    /// Path or name of the interpreter.
    interpreter: String,
    search_path: SearchPath,
    host: Host,
    /// The words of a command line of one command, which nobody has to take apart again.
    words: Vec<String>,
}

/// The process that runs the plug-ins.
#[derive(Default)]
enum Host {
    /// Nobody has asked for one.
    #[default]
    NotStarted,
    Running(Box<PluginHost>),
    /// It cannot be started, which has been said.
    Impossible,
}

/// What it takes to speak with the same server in another session, maybe in another thread.
#[derive(Clone)]
pub(crate) struct Seed {
    pub(crate) account: Account,
    pub(crate) origin: UrlOrigin,
    pub(crate) interactive: bool,
}

impl Foreign {
    /// The plug-ins of a file and what is in `PATH`; `words` is the command line, if it is all there is to do.
    pub(crate) fn new(config: &ClientConfig, search_path: Option<&OsStr>, words: &[String]) -> Self {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let variable = |name: &str| {
            let found = environment.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        Self {
            plugins: config.plugins.clone(),
            interpreter: plugin_interpreter(config.python_host.as_deref(), variable),
            search_path: SearchPath::new(search_path),
            host: Host::NotStarted,
            words: words.to_vec(),
        }
    }

    /// The names of all there is, for who asks the server by this.
    pub(crate) fn command_names(&self, seed: Seed) -> CommandNames {
        CommandNames {
            plugins: self.plugins.clone(),
            interpreter: self.interpreter.clone(),
            search_path: self.search_path.clone(),
            seed,
            of_plugins: Rc::new(OnceCell::new()),
        }
    }

    /// The process of the plug-ins, started if it has to be. `None`: there are no plug-ins, or it cannot be started.
    fn host(&mut self, seed: &Seed, output: &mut Output) -> Option<&mut PluginHost> {
        if self.plugins.is_empty() {
            return None;
        }
        if matches!(self.host, Host::NotStarted) {
            output.flush();
            let started =
                PluginHost::start(&self.interpreter, &self.search_path, &self.plugins, seed, Purpose::Commands);
            self.host = match started {
                Ok((host, troubles)) => {
                    self.warn(output, |index| troubles.get(index)?.as_deref());
                    Host::Running(Box::new(host))
                }
                Err(why) => {
                    self.warn(output, |_| Some(&why));
                    Host::Impossible
                }
            };
        }
        match &mut self.host {
            Host::Running(host) => Some(host),
            Host::NotStarted | Host::Impossible => None,
        }
    }

    /// One line for each plug-in that has a trouble.
    fn warn<'t>(&self, output: &mut Output, trouble: impl Fn(usize) -> Option<&'t str>) {
        for (index, plugin) in self.plugins.iter().enumerate() {
            if let Some(trouble) = trouble(index) {
                output.error_line(&format!("warning: {}", visible_on_one_line(&plugin.warning(trouble))));
            }
        }
    }
}

/// Carries out a line that begins with no command of ours; `None`: nobody else knows it either.
pub(crate) fn run(controller: &mut Controller, line: &str) -> Option<Result<Flow, Failure>> {
    with_foreign(controller, |controller, foreign, seed| {
        let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(line.len());
        let (command, argument) = line.split_at(end);
        if let Some(host) = foreign.host(&seed, &mut controller.output)
            && host.has(command)
        {
            controller.output.flush();
            let said = host.ask(&Request::Run { command, argument: argument.trim() }, controller.exit_status, &seed);
            return Some(take(controller, foreign, said));
        }
        let (name, _) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let path = foreign.search_path.find_command(name)?;
        let words = match foreign.words.split_first() {
            Some((first, words)) if first == name => words.to_vec(),
            Some(_) | None => match executable::words_of(line) {
                Ok(words) => words,
                Err(why) => {
                    controller.output.line(&format!("error: {line}: {why}"));
                    controller.fail(ExitStatus::Generic);
                    return Some(Ok(Flow::Continue));
                }
            },
        };
        controller.output.flush();
        Some(executable::run(controller, &path, &words, &seed))
    })?
}

/// Why a command that seems to be there is not carried out, for standard error.
pub(crate) fn reason_against(controller: &Controller, line: &str) -> Option<String> {
    let name = line.split_whitespace().next()?;
    controller.foreign.search_path.reason_against(name)
}

/// `help TOPIC` for what is not ours; `None`: nobody else knows it either.
pub(crate) fn help(controller: &mut Controller, topic: &str) -> Option<Result<Flow, Failure>> {
    with_foreign(controller, |controller, foreign, seed| {
        if let Some(host) = foreign.host(&seed, &mut controller.output)
            && host.has(topic)
        {
            controller.output.flush();
            let said = host.ask(&Request::Help { topic }, controller.exit_status, &seed);
            return Some(take(controller, foreign, said));
        }
        let path = foreign.search_path.find_command(topic)?;
        controller.output.line(&format!("{topic}\t\tRun {} (it may tell more with {topic} --help)", path.display()));
        Some(Ok(Flow::Continue))
    })?
}

/// The lists of `help`, below our own.
pub(crate) fn list(controller: &mut Controller) -> Result<Flow, Failure> {
    let listed = with_foreign(controller, |controller, foreign, seed| {
        let mut flow = Ok(Flow::Continue);
        if let Some(host) = foreign.host(&seed, &mut controller.output) {
            controller.output.flush();
            let said = host.ask(&Request::Help { topic: "" }, controller.exit_status, &seed);
            flow = take(controller, foreign, said);
        }
        let commands = foreign.search_path.commands();
        let names: Vec<&str> = commands.iter().map(|(name, _)| name.as_str()).collect();
        if !names.is_empty() {
            for line in format::topics("commands in PATH (type help <topic>):", &names) {
                controller.output.line(&line);
            }
        }
        flow
    });
    listed.unwrap_or(Ok(Flow::Continue))
}

/// Lends the foreign commands to `work` beside the controller that has them. `None` in a session without a server.
fn with_foreign<T>(
    controller: &mut Controller,
    work: impl FnOnce(&mut Controller, &mut Foreign, Seed) -> T,
) -> Option<T> {
    let seed = controller.seed()?;
    let mut foreign = std::mem::take(&mut controller.foreign);
    let done = work(controller, &mut foreign, seed);
    controller.foreign = foreign;
    Some(done)
}

/// What a plug-in has said, as the end of a command.
fn take(controller: &mut Controller, foreign: &mut Foreign, said: Said) -> Result<Flow, Failure> {
    match said {
        Said::Done { leaves, exit_status } => {
            controller.exit_status = ExitStatus::Foreign(exit_status);
            Ok(if leaves { Flow::Leave } else { Flow::Continue })
        }
        Said::Failed(failure) => {
            if let Failure::Interrupted = failure {
                controller.world.forget_interrupts();
            }
            Err(failure)
        }
        Said::Ended(why) => {
            // The next command gets a new one.
            foreign.host = Host::NotStarted;
            Err(Failure::PluginHost(why))
        }
    }
}

/// Names that no foreign command has: those of ours, and those that only our command line knows.
fn is_ours(name: &str) -> bool {
    actions::find(name).is_some() || actions::is_word_of_command_line(name)
}
