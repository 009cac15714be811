//! Orders to supervisord itself: an update, a reload, a shutdown, an empty main log. Each is asked about first
//! (reference/web.md §8.4); where more than a few processes would end, the identifier has to be typed.

use std::rc::Rc;

use hyper::StatusCode;
use supervisor_core::{Command, Fault, FaultCode};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::configuration_page::effect;
use super::frame::{self, Frame, Message};
use super::orders::Outcome;
use super::query::Query;
use super::question_page::{Page, Target};
use super::rows::Counts;
use super::{NewVisit, error_pages, forms, look};
use crate::clock;
use crate::control::config_changes::{self, ChangeKind, ConfigChanges, GroupChange};
use crate::control::context::Context;
use crate::control::limits;
use crate::control::response::Response;
use crate::control::rpc::{answer_to, reload_config};

/// See above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HouseOrder {
    Update,
    Reload,
    Shutdown,
    ClearMainLog,
}

impl HouseOrder {
    const ALL: [Self; 4] = [Self::Update, Self::Reload, Self::Shutdown, Self::ClearMainLog];

    pub(super) fn read(form: &Query) -> Option<Self> {
        Self::of(form.get("do"))
    }

    pub(super) fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.key() == key)
    }

    /// What came of it, in a sentence.
    pub(super) fn told(self, outcome: &Outcome) -> Message {
        let Outcome { done, failed, waiting } = *outcome;
        let groups = |count: usize| if count == 1 { "1 group".to_owned() } else { format!("{count} groups") };
        let text = match self {
            Self::Update if waiting > 0 => "The update goes on.".to_owned(),
            Self::Update if failed > 0 => format!("Updated {}, {failed} failed; the main log says why.", groups(done)),
            Self::Update => format!("Updated {}.", groups(done)),
            Self::ClearMainLog if failed > 0 => "The main log cannot be cleared.".to_owned(),
            Self::ClearMainLog => "Cleared the main log.".to_owned(),
            Self::Reload | Self::Shutdown => "supervisord was asked to end.".to_owned(),
        };
        Message { kind: if failed > 0 { "failed" } else { "done" }, text }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Update => "update groups",
            Self::Reload => "reload",
            Self::Shutdown => "shutdown",
            Self::ClearMainLog => "clear-main-log",
        }
    }
}

/// Asks, or carries out.
pub(super) async fn answer(order: HouseOrder, form: &Query, visit: &NewVisit<'_>) -> Response {
    let has_token = visit.context.form_tokens.is_one(form.get("token"), visit.section, clock::wall_clock());
    let is_confirmed = form.get("confirmed") == "yes" && has_token;
    match order {
        HouseOrder::Update => update(form, is_confirmed, visit).await,
        HouseOrder::Reload | HouseOrder::Shutdown => end(order, form, is_confirmed, visit).await,
        HouseOrder::ClearMainLog if is_confirmed => {
            let is_done = answer_to(Command::ClearLog, visit.context).await.is_ok();
            let outcome = Outcome { done: usize::from(is_done), failed: usize::from(!is_done), waiting: 0 };
            forms::lead_back(form.get("from"), order.key(), &outcome, "")
        }
        HouseOrder::ClearMainLog => {
            let effect = "What is in the main log is gone for good.";
            ask(order, visit, form, Question { title: "Clear the main log?", effect, ..Question::default() })
        }
    }
}

/// What is asked, beside what is the same for all.
#[derive(Default)]
struct Question<'q> {
    title: &'q str,
    effect: &'q str,
    note: &'q str,
    targets: Vec<Target>,
    groups: Vec<String>,
    digest: String,
    typed: String,
    command: &'q str,
}

fn ask(order: HouseOrder, visit: &NewVisit<'_>, form: &Query, question: Question<'_>) -> Response {
    let Question { title, effect, note, targets, groups, digest, typed, command } = question;
    let from = form.get("from");
    let page = Page {
        frame: Frame::new(visit.view, title, visit.section, visit.context),
        from: from.to_owned(),
        title: title.to_owned(),
        note: note.to_owned(),
        effect: effect.to_owned(),
        targets,
        groups,
        digest,
        asks_signal: false,
        signals: Vec::new(),
        typed,
        command: command.to_owned(),
        back: forms::back(from),
        keep: "Leave it as it is",
        is_end: order != HouseOrder::Update,
        order: order.key().to_owned(),
        button: title.trim_end_matches('?').to_owned(),
    };
    frame::page(StatusCode::OK, &page, visit.context)
}

// --- an update ---

async fn update(form: &Query, is_confirmed: bool, visit: &NewVisit<'_>) -> Response {
    let mut changes = match config_changes::read(visit.context).await {
        Ok(changes) => changes,
        Err(Fault { code: FaultCode::CantReread, extra: text }) => {
            let what = "The files cannot be used, and nothing was changed.";
            return error_pages::plain(visit, StatusCode::UNPROCESSABLE_ENTITY, what, &text.unwrap_or_default());
        }
        Err(_) => return error_pages::ending(visit),
    };
    let is_known = form.get("digest") == changes.digest;
    changes.groups.retain(|group| form.all("group").any(|name| name == group.name));
    if changes.groups.is_empty() {
        return forms::redirect(form.get("from"), &[("done", "none")]);
    }
    if !is_confirmed || !is_known {
        return ask_for_update(changes, is_known, form, visit);
    }
    let groups: Vec<GroupChange> = changes.groups;
    let context = Rc::clone(visit.context);
    let done = spawn_local(async move { carry_out(&groups, &context).await });
    let outcome = match timeout(limits::FORM_PATIENCE, done).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Outcome { failed: 1, ..Outcome::default() },
        Err(_) => Outcome { waiting: 1, ..Outcome::default() },
    };
    forms::lead_back(form.get("from"), HouseOrder::Update.key(), &outcome, "")
}

fn ask_for_update(changes: ConfigChanges, is_known: bool, form: &Query, visit: &NewVisit<'_>) -> Response {
    let pairs = effect(&changes);
    let targets = pairs.into_iter().map(|pair| Target::told(pair.label, pair.value)).collect();
    let groups: Vec<String> = changes.groups.iter().map(|group| group.name.clone()).collect();
    let title = match groups.as_slice() {
        [one] => format!("Update group {one}?"),
        several => format!("Update {} groups?", several.len()),
    };
    let note = if is_known { "" } else { "The files have changed since the page was made. This is what they say now." };
    let command = format!("supervisorctl update {}", groups.join(" "));
    let effect = "What runs and is changed or removed is asked to end; what is new starts if it starts by itself.";
    let digest = changes.digest;
    let question =
        Question { title: &title, effect, note, targets, groups, digest, command: &command, ..Question::default() };
    ask(HouseOrder::Update, visit, form, question)
}

/// As `supervisorctl update` does it, group by group.
async fn carry_out(groups: &[GroupChange], context: &Rc<Context>) -> Outcome {
    let mut outcome = Outcome::default();
    if reload_config(context).await.is_err() {
        return Outcome { failed: groups.len(), ..outcome };
    }
    for group in groups {
        match take_over(group, context).await {
            Ok(()) => outcome.done += 1,
            Err(_) => outcome.failed += 1,
        }
    }
    outcome
}

async fn take_over(group: &GroupChange, context: &Context) -> Result<(), Fault> {
    let name = || group.name.clone();
    match group.kind {
        ChangeKind::Added => {}
        ChangeKind::Changed | ChangeKind::Removed => {
            answer_to(Command::StopProcessGroup { name: name(), wait: true }, context).await?;
            answer_to(Command::RemoveProcessGroup { name: name() }, context).await?;
        }
    }
    match group.kind {
        ChangeKind::Added | ChangeKind::Changed => {
            answer_to(Command::AddProcessGroup { name: name() }, context).await.map(drop)
        }
        ChangeKind::Removed => Ok(()),
    }
}

// --- the end ---

async fn end(order: HouseOrder, form: &Query, is_confirmed: bool, visit: &NewVisit<'_>) -> Response {
    let Ok(processes) = look::processes(visit.context).await else { return error_pages::ending(visit) };
    let running = Counts::of(&processes).running;
    let identifier = visit.context.identifier();
    let has_to_type = running > limits::ENDED_UNTYPED;
    let has_typed = !has_to_type || form.get("identifier") == &*identifier;
    let (verb, command) =
        if order == HouseOrder::Reload { ("Reload", Command::Restart) } else { ("Shut down", Command::Shutdown) };
    if is_confirmed && has_typed {
        return match answer_to(command, visit.context).await {
            Ok(_) => {
                let what = if order == HouseOrder::Reload { "supervisord reloads." } else { "supervisord shuts down." };
                error_pages::plain(visit, StatusCode::OK, what, "Programs are asked to end, which may take a while.")
            }
            Err(_) => error_pages::ending(visit),
        };
    }
    let title = format!("{verb} {identifier}?");
    let whom = super::words::processes(running);
    let effect = if order == HouseOrder::Reload {
        format!("{whom} that run are asked to end; then the files are read and everything starts anew.")
    } else {
        format!("{whom} that run are asked to end, and supervisord ends. Nobody starts them again from here.")
    };
    let note = if is_confirmed { "What you have typed is not its name." } else { "" };
    let command = if order == HouseOrder::Reload { "supervisorctl reload" } else { "supervisorctl shutdown" };
    let typed = if has_to_type { identifier.to_string() } else { String::new() };
    let question = Question { title: &title, effect: &effect, note, typed, command, ..Question::default() };
    ask(order, visit, form, question)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_known_by_its_words() {
        for order in HouseOrder::ALL {
            let form = Query::read(&format!("do={}", order.key().replace(' ', "+")));
            assert_eq!(HouseOrder::read(&form), Some(order));
        }
        assert_eq!(HouseOrder::read(&Query::read("do=stop+all")), None);
    }
}
