//! A session: one line in, words and an exit status out (contract/ctl.md §1, §2).
//!
//! The controller knows the lines and what becomes of a failure; what a command does is in [`crate::actions`],
//! where the answers come from is behind [`World`].

use std::io;

use crate::actions::{self, Action};
use crate::answers::FromValue;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, UrlOrigin};
use crate::foreign::{self, Foreign, Seed};
use crate::name_pattern;
use crate::output::{Output, visible_on_one_line};
use crate::suggestion;
use crate::world::{CallError, ConnectError, Line, ProcessName, World};
use supervisor_protocol::xmlrpc::Value;

/// What comes after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The next one.
    Continue,
    /// The end of the session.
    Leave,
}

/// A session with one server at a time.
pub(crate) struct Controller {
    pub(crate) world: Box<dyn World>,
    pub(crate) output: Output,
    /// Set by what goes wrong, never set back.
    pub(crate) exit_status: ExitStatus,
    /// There is somebody to ask: before a shutdown, and for a password.
    pub(crate) interactive: bool,
    /// Commands that are not ours.
    pub(crate) foreign: Foreign,
    url_origin: UrlOrigin,
    /// Ctrl-C has ended a command.
    was_interrupted: bool,
}

impl Controller {
    /// A session that has not been asked for anything yet.
    pub(crate) fn new(world: Box<dyn World>, output: Output, interactive: bool, url_origin: UrlOrigin) -> Self {
        Self {
            world,
            output,
            exit_status: ExitStatus::Success,
            interactive,
            foreign: Foreign::default(),
            url_origin,
            was_interrupted: false,
        }
    }

    /// With commands that are not ours.
    pub(crate) fn with_foreign(self, foreign: Foreign) -> Self {
        Self { foreign, ..self }
    }

    /// For another session with the server of this one; `None` without a real one.
    pub(crate) fn seed(&self) -> Option<Seed> {
        let account = self.world.account()?.clone();
        Some(Seed { account, origin: self.url_origin.clone(), interactive: self.interactive })
    }

    /// Executes one line, failures included, and hands over what it printed.
    pub(crate) fn execute(&mut self, line: &str) -> Flow {
        self.world.disconnect();
        self.output.divert_lines(false);
        let flow = match parse(line) {
            Parsed::Nothing => Flow::Continue,
            Parsed::EndOfInput => actions::leave(self),
            Parsed::Unknown(line) => self.run_foreign(&line),
            Parsed::Command(action, argument) if asks_for_help(&argument) => {
                actions::show_help(self, action);
                Flow::Continue
            }
            Parsed::Command(action, argument) => self.run(action, &argument),
        };
        self.output.flush();
        match self.output.broken() {
            None => flow,
            Some(io::ErrorKind::BrokenPipe) => Flow::Leave,
            Some(_) => {
                self.fail(ExitStatus::Generic);
                Flow::Leave
            }
        }
    }

    /// Calls a method of the server; what was printed so far is shown first.
    pub(crate) fn call<T: FromValue>(&mut self, method: &'static str, parameters: &[Value]) -> Result<T, Failure> {
        self.try_call(method, parameters).map_err(|error| Failure::Call { method, error })
    }

    /// As [`Controller::call`], for those who look at the error.
    pub(crate) fn try_call<T: FromValue>(
        &mut self,
        method: &'static str,
        parameters: &[Value],
    ) -> Result<T, CallError> {
        self.output.flush();
        let value = self.world.call(method, parameters)?;
        T::from_value(value).map_err(|expected| CallError::BadAnswer(format!("expected {expected}")))
    }

    /// The names, patterns among them replaced by what they mean ([`name_pattern::expand`]). Where the server does not
    /// tell what there is, the names stay as they are, so that the command itself says what is wrong.
    pub(crate) fn expand(&mut self, names: &[&str]) -> Vec<String> {
        let wants_all = names.contains(&"all");
        if wants_all || !names.iter().any(|name| name_pattern::is_pattern(name)) {
            return names.iter().map(|name| (*name).to_owned()).collect();
        }
        let processes: Vec<ProcessName> = self.try_call("supervisor.getAllProcessInfo", &[]).unwrap_or_default();
        name_pattern::expand(names, &processes)
    }

    /// Whether Ctrl-C has ended a command.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// Asks a question that has to be answered with a line.
    pub(crate) fn ask(&mut self, prompt: &str, pending: &'static str) -> Result<String, Failure> {
        answer(self.world.ask(prompt, &mut self.output), pending)
    }

    /// From now on talks to another server.
    pub(crate) fn open(&mut self, url: &str) {
        self.world.open(url);
        self.url_origin = UrlOrigin::Given;
    }

    /// What is said where nobody answers: `words`, which are those of the original, or for people the one line that
    /// says more.
    pub(crate) fn words_for_nobody_there(&self, words: String, error: ConnectError) -> String {
        if !self.output.is_for_people() {
            return words;
        }
        let failure = Failure::Call { method: "", error: CallError::Connect(error) };
        self.error_line(&failure)
    }

    /// What a person at a terminal could try, below a line that scripts know.
    pub(crate) fn advise(&mut self, words: &str) {
        if self.output.is_terminal() {
            self.output.line(&format!("    {words}"));
        }
    }

    /// Names at a terminal the process that was probably meant by a name that nobody has.
    pub(crate) fn advise_name(&mut self, name: &str) {
        if !self.output.is_terminal() {
            return;
        }
        let processes: Vec<ProcessName> = self.try_call("supervisor.getAllProcessInfo", &[]).unwrap_or_default();
        let advice = suggestion::for_name(name, &processes);
        self.advise(&advice);
    }

    /// Records an error that has been printed.
    pub(crate) fn fail(&mut self, status: ExitStatus) {
        self.exit_status = status;
    }

    fn run(&mut self, action: &Action, argument: &str) -> Flow {
        match self.attempt(|controller| Some((action.run)(controller, argument))) {
            Some(Ok(flow)) => flow,
            Some(Err(failure)) => self.report(&failure, Some((action, argument))),
            None => Flow::Continue,
        }
    }

    /// A line that begins with no action.
    fn run_foreign(&mut self, line: &str) -> Flow {
        match self.attempt(|controller| foreign::run(controller, line)) {
            Some(Ok(flow)) => flow,
            Some(Err(failure)) => self.report(&failure, None),
            None => self.unknown_syntax(line),
        }
    }

    /// Does something until it works, turns out to be nothing, or fails for another reason than a missing password.
    fn attempt(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Option<Result<Flow, Failure>>,
    ) -> Option<Result<Flow, Failure>> {
        loop {
            let failure = match work(self)? {
                Ok(flow) => return Some(Ok(flow)),
                Err(failure) => failure,
            };
            if !failure.is_unauthorized() || !self.interactive {
                return Some(Err(failure));
            }
            if let Err(failure) = self.ask_for_credentials() {
                return Some(Err(failure));
            }
        }
    }

    fn ask_for_credentials(&mut self) -> Result<(), Failure> {
        const PENDING: &str = "the server's username and password were given";
        let is_wrong = self.output.is_for_people() && self.world.username().is_some();
        self.output.line(if is_wrong { "Username or password is wrong" } else { "Server requires authentication" });
        let username = self.ask("Username:", PENDING)?;
        let password = answer(self.world.ask_secret("Password:", &mut self.output), PENDING)?;
        self.output.line("");
        self.world.authenticate(&username, &password);
        Ok(())
    }

    /// Says how a command has failed; `action` is it, if it is ours, with its argument.
    fn report(&mut self, failure: &Failure, action: Option<(&Action, &str)>) -> Flow {
        self.fail(if failure.is_lateness() { ExitStatus::NotRunning } else { ExitStatus::Generic });
        if failure.is_interruption() {
            self.output.line("");
            self.was_interrupted = true;
            if self.output.is_terminal() {
                if let Some((action, argument)) = action {
                    actions::tell_interruption(self, action, argument);
                }
                return Flow::Continue;
            }
            return Flow::Leave;
        }
        if let Failure::NoAnswer(_) = failure {
            // The question still waits at the end of its line.
            self.output.line("");
        }
        let line = self.error_line(failure);
        self.output.line(&line);
        Flow::Continue
    }

    /// The line that a failure ends a command with.
    fn error_line(&self, failure: &Failure) -> String {
        let words = failure.describe(self.world.url(), &self.url_origin);
        let words = visible_on_one_line(&words);
        match (failure.is_unauthorized(), self.output.is_for_people()) {
            (false, _) => format!("error: {words}"),
            (true, false) => words.into_owned(),
            (true, true) => match self.world.username() {
                Some(name) => format!(
                    "{} refuses the username {name} with this password ({}): are they those of its server section?",
                    self.world.url(),
                    self.url_origin
                ),
                None => format!(
                    "{words} ({}): set username= and password= in [supervisorctl], give -u and -p, or be asked with -i",
                    self.url_origin
                ),
            },
        }
    }

    fn unknown_syntax(&mut self, line: &str) -> Flow {
        self.output.line(&format!("*** Unknown syntax: {line}"));
        if let Some(reason) = foreign::reason_against(self, line) {
            self.output.error_line(&reason);
        } else if let Some(advice) = suggestion::for_action(line) {
            self.advise(&advice);
        }
        self.fail(ExitStatus::Generic);
        Flow::Continue
    }
}

/// A process of that name is named behind another one, or behind `--`.
fn asks_for_help(argument: &str) -> bool {
    argument == "--help" || argument == "-h"
}

fn answer(line: Line, pending: &'static str) -> Result<String, Failure> {
    match line {
        Line::Text(text) => Ok(text),
        Line::EndOfInput => Err(Failure::NoAnswer(pending)),
        Line::Interrupted => Err(Failure::Interrupted),
    }
}

/// A line, understood.
#[derive(Debug)]
enum Parsed {
    /// Blanks at most.
    Nothing,
    /// The word that stands for the end of the input.
    EndOfInput,
    /// A known command.
    Command(&'static Action, String),
    /// No command: the line without blanks around it.
    Unknown(String),
}

/// The command is the longest run of letters, digits and `_` that the line begins with, whatever follows it.
fn parse(line: &str) -> Parsed {
    let line = line.trim();
    let line = match line.strip_prefix('?') {
        Some(topic) => format!("help {topic}"),
        None => line.to_owned(),
    };
    if line.is_empty() {
        return Parsed::Nothing;
    }
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(line.len());
    let (name, argument) = line.split_at(end);
    match actions::find(name) {
        _ if name == "EOF" => Parsed::EndOfInput,
        Some(action) => Parsed::Command(action, argument.trim().to_owned()),
        None => Parsed::Unknown(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, done, text};

    #[test]
    fn what_is_no_command() {
        for (line, words) in [
            ("nosuch", "*** Unknown syntax: nosuch\n"),
            ("  nosuch thing ", "*** Unknown syntax: nosuch thing\n"),
            ("!ls", "*** Unknown syntax: !ls\n"),
            (";", "*** Unknown syntax: ;\n"),
            ("Status", "*** Unknown syntax: Status\n"),
        ] {
            check(Scene::bare(), line, words, 1);
        }
        for line in ["", "   ", "\t"] {
            check(Scene::bare(), line, "", 0);
        }
    }

    #[test]
    fn a_command_ends_where_its_letters_do() {
        let scene = Scene::new().on("startProcess ;", done());
        check(scene, "start;", ";: started\n", 0);
    }

    #[test]
    fn the_words_that_leave() {
        for line in ["quit", "exit", "EOF", "quit now"] {
            let outcome = Scene::bare().run(line);
            assert_eq!((outcome.out.as_str(), outcome.status, outcome.flow), ("\n", 0, Flow::Leave));
        }
    }

    #[test]
    fn without_anybody_to_ask_a_missing_password_is_an_error() {
        let scene = Scene::bare().on("getAllConfigInfo", Err(CallError::Unauthorized));
        check(scene, "avail", "Server requires authentication\n", 1);
    }

    #[test]
    fn credentials_are_asked_for_until_they_are_right() {
        let scene = Scene::bare()
            .interactive()
            .on("getVersion", Err(CallError::Unauthorized))
            .on("getVersion", Err(CallError::Unauthorized))
            .on("getVersion", text("3.0"))
            .on("getSupervisorVersion", text("5.0"))
            .types("user")
            .types("secret")
            .types("user")
            .types("secret");
        let asked = "Server requires authentication\nUsername:Password:\n";
        check(scene, "version", &format!("{asked}{asked}5.0\n"), 0);
    }

    #[test]
    fn credentials_that_are_not_given_end_the_command() {
        let scene = Scene::bare().interactive().on("getVersion", Err(CallError::Unauthorized)).types("user");
        let words = "Server requires authentication\nUsername:Password:\n\
                     error: the input ended before the server's username and password were given\n";
        check(scene, "version", words, 1);
    }

    #[test]
    fn ctrl_c_ends_the_session_with_an_empty_line() {
        let outcome = Scene::bare().on("getAllConfigInfo", Err(CallError::Interrupted)).run("avail");
        assert_eq!((outcome.out.as_str(), outcome.flow), ("\n", Flow::Leave));
    }

    #[test]
    fn a_failure_is_one_line() {
        let scene = Scene::bare().on("getAllConfigInfo", Err(CallError::Broken("a\nb\x1b".to_owned())));
        let words = "error: unix:///run/s.sock closed the connection without an answer to supervisor.getAllConfigInfo \
                     (a\\nb\\x1b): is it supervisord? (serverurl in /etc/s.conf)\n";
        check(scene, "avail", words, 1);
    }

    #[test]
    fn an_answer_of_another_shape_is_named() {
        let scene = Scene::bare().on("getAllConfigInfo", array([Value::Nil]));
        let words = "error: unix:///run/s.sock gave an answer to supervisor.getAllConfigInfo that cannot be read \
                     (expected a struct): is it supervisord? (serverurl in /etc/s.conf)\n";
        check(scene, "avail", words, 1);
    }
}
