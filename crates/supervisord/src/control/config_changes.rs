//! What the files say now beside what runs: groups that came, went or are other, option by option.
//!
//! The files are read and nothing is changed: what is pending stays what the last reread has made it. Values of
//! `environment=` are nobody's business and never told, only that they differ.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use blake2::{Blake2s256, Digest as _};
use supervisor_core::{Command, Fault, FaultCode, GroupConfig, GroupKind, ProcessConfig};

use super::context::Context;
use super::rpc::{answer_to, done_by};
use crate::boundary::requests::{GetGroup, MethodAnswer};

/// See above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ConfigChanges {
    /// Another one when anything in the groups of the files is another.
    pub(super) digest: String,
    pub(super) groups: Vec<GroupChange>,
    /// Groups that stay as they are.
    pub(super) unchanged: usize,
    /// What is probably not meant in the files.
    pub(super) warnings: Vec<String>,
}

/// A group that an update would touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupChange {
    pub(super) name: String,
    pub(super) kind: ChangeKind,
    /// Of the processes that it has in the files and that run now, option by option.
    pub(super) options: Vec<OptionChange>,
    /// Processes that it has in the files and not now.
    pub(super) comes: Vec<String>,
    /// Processes that it has now and not in the files.
    pub(super) goes: Vec<String>,
    /// Processes that stay.
    pub(super) stays: Vec<String>,
    pub(super) autostart: bool,
}

/// What becomes of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Added,
    Changed,
    Removed,
}

/// An option that is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OptionChange {
    pub(super) option: &'static str,
    pub(super) now: String,
    pub(super) in_files: String,
}

/// Reads the files and compares.
///
/// # Errors
/// CANT_REREAD with what is wrong in the files; SHUTDOWN_STATE.
pub(super) async fn read(context: &Context) -> Result<ConfigChanges, Fault> {
    let reader = context.config_reader.clone();
    let fresh =
        done_by(&context.rereads, move || reader.read().map_err(|error| Fault::new(FaultCode::CantReread, error)))
            .await?;
    let MethodAnswer::GroupNames(names) = answer_to(Command::GetGroupNames, context).await? else {
        return Err(Fault::bare(FaultCode::Failed));
    };
    let mut active = Vec::with_capacity(names.len());
    for name in names {
        // One that has gone meanwhile is none of those that run.
        if let Ok(group) = context.sender.call(GetGroup { name: name.to_string() }).await {
            active.push(group);
        }
    }
    Ok(compare(&active, &fresh.groups, fresh.warnings))
}

fn compare(active: &[Arc<GroupConfig>], files: &[Arc<GroupConfig>], warnings: Vec<String>) -> ConfigChanges {
    let find = |groups: &'_ [Arc<GroupConfig>], name: &str| groups.iter().find(|group| *group.name == *name).cloned();
    let mut changes = ConfigChanges { digest: digest(files), warnings, ..ConfigChanges::default() };
    for group in files {
        match find(active, &group.name) {
            None => changes.groups.push(change(ChangeKind::Added, None, Some(group))),
            Some(now) if now != *group => changes.groups.push(change(ChangeKind::Changed, Some(&now), Some(group))),
            Some(_) => changes.unchanged += 1,
        }
    }
    let removed = active.iter().filter(|group| find(files, &group.name).is_none());
    changes.groups.extend(removed.map(|group| change(ChangeKind::Removed, Some(group), None)));
    changes
}

/// Of everything in them, secrets too; it tells nothing of them.
fn digest(groups: &[Arc<GroupConfig>]) -> String {
    let digest: [u8; 32] = Blake2s256::digest(format!("{groups:?}")).into();
    let beginning = digest.first_chunk().copied().map_or(0, u64::from_be_bytes);
    format!("{beginning:016x}")
}

fn change(kind: ChangeKind, now: Option<&Arc<GroupConfig>>, files: Option<&Arc<GroupConfig>>) -> GroupChange {
    let processes = |group: Option<&Arc<GroupConfig>>| group.map(|group| group.processes.clone()).unwrap_or_default();
    let (before, after) = (processes(now), processes(files));
    let names = |of: &[Arc<ProcessConfig>]| of.iter().map(|it| it.name.to_string()).collect::<BTreeSet<_>>();
    let (old, new) = (names(&before), names(&after));
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>();
    let mut options: Vec<OptionChange> = Vec::new();
    for process in &after {
        let Some(earlier) = before.iter().find(|earlier| earlier.name == process.name) else { continue };
        for difference in differences(earlier, process) {
            // Of many processes of one program each says the same.
            if options.iter().all(|known| known.option != difference.option) {
                options.push(difference);
            }
        }
    }
    options.extend(now.zip(files).map(|(now, files)| group_differences(now, files)).unwrap_or_default());
    GroupChange {
        name: now.or(files).map(|group| group.name.to_string()).unwrap_or_default(),
        kind,
        options,
        comes: list(&new - &old),
        goes: list(&old - &new),
        stays: list(&new & &old),
        autostart: after.iter().any(|process| process.start.autostart),
    }
}

fn group_differences(now: &GroupConfig, files: &GroupConfig) -> Vec<OptionChange> {
    let mut found = Vec::new();
    if now.priority != files.priority {
        found.push(OptionChange {
            option: "priority of the group",
            now: now.priority.to_string(),
            in_files: files.priority.to_string(),
        });
    }
    if now.kind != files.kind {
        let kind = |group: &GroupConfig| match &group.kind {
            GroupKind::Programs => "programs".to_owned(),
            GroupKind::FastCgi => "FastCGI programs".to_owned(),
            GroupKind::EventListeners(_) => "event listeners".to_owned(),
            GroupKind::Extension => "an extension".to_owned(),
        };
        found.push(OptionChange { option: "kind, or what a pool does", now: kind(now), in_files: kind(files) });
    }
    found
}

/// An option and how its value is written.
type Shown = (&'static str, fn(&ProcessConfig) -> String);

/// What people set; what is none of these is told as [`ELSE`].
const OPTIONS: &[Shown] = &[
    ("command", |it| it.command.to_string()),
    ("priority", |it| it.priority.to_string()),
    ("autostart", |it| it.start.autostart.to_string()),
    ("startsecs", |it| it.start.startsecs.to_string()),
    ("autorestart", |it| words(&it.restart.autorestart)),
    ("startretries", |it| it.restart.startretries.to_string()),
    ("exitcodes", |it| list(it.restart.exitcodes.iter())),
    ("exitsignals", |it| list(it.restart.exitsignals.iter().map(|signal| signal.name()))),
    ("restartpause", |it| words(&it.restart.pause)),
    ("stopsignal", |it| it.stop.stopsignal.name().to_owned()),
    ("stopwaitsecs", |it| it.stop.stopwaitsecs.to_string()),
    ("stopasgroup", |it| it.stop.stopasgroup.to_string()),
    ("killasgroup", |it| it.stop.killasgroup.to_string()),
    ("redirect_stderr", |it| it.log.redirect_stderr.to_string()),
    ("stdout_logfile", |it| words(&it.log.stdout.logfile)),
    ("stdout_logfile_maxbytes", |it| it.log.stdout.maxbytes.to_string()),
    ("stdout_logfile_backups", |it| it.log.stdout.backups.to_string()),
    ("stderr_logfile", |it| words(&it.log.stderr.logfile)),
    ("stderr_logfile_maxbytes", |it| it.log.stderr.maxbytes.to_string()),
    ("stderr_logfile_backups", |it| it.log.stderr.backups.to_string()),
    ("environment", |it| list(it.environment.variables.iter().map(|(name, _)| name))),
    ("directory", |it| it.identity.directory.as_deref().unwrap_or_default().to_owned()),
    ("user", |it| it.identity.uid.map(|uid| format!("uid {uid}")).unwrap_or_default()),
    ("umask", |it| it.identity.umask.map(|umask| format!("{umask:03o}")).unwrap_or_default()),
];

const ELSE: &str = "something else";

fn differences(now: &ProcessConfig, files: &ProcessConfig) -> Vec<OptionChange> {
    let mut found: Vec<OptionChange> = OPTIONS
        .iter()
        .map(|(option, show)| OptionChange { option, now: show(now), in_files: show(files) })
        .filter(|change| change.now != change.in_files)
        .collect();
    if found.is_empty() && now != files {
        let option = if now.environment.variables == files.environment.variables { ELSE } else { "environment" };
        let value = || "other values, which are not shown".to_owned();
        found.push(OptionChange { option, now: String::new(), in_files: value() });
    }
    found
}

fn words(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn list<T: ToString>(values: impl Iterator<Item = T>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::{group_config, process_config};

    fn group(name: &str, processes: &[ProcessConfig]) -> Arc<GroupConfig> {
        Arc::new(group_config(name, processes.iter().cloned().map(Arc::new).collect()))
    }

    #[test]
    fn groups_come_go_and_change_option_by_option() {
        let old = process_config("a");
        let mut new = process_config("a");
        new.command = "/bin/dog".into();
        new.stop.stopwaitsecs = 60;
        let active =
            [group("same", &[process_config("s")]), group("gone", &[process_config("g")]), group("web", &[old])];
        let files = [
            group("same", &[process_config("s")]),
            group("web", &[new, process_config("b")]),
            group("new", &[process_config("n")]),
        ];
        let changes = compare(&active, &files, vec![]);
        let told: Vec<_> = changes.groups.iter().map(|group| (group.name.as_str(), group.kind)).collect();
        assert_eq!(told, [("web", ChangeKind::Changed), ("new", ChangeKind::Added), ("gone", ChangeKind::Removed)]);
        assert_eq!(changes.unchanged, 1);
        let web = &changes.groups[0];
        let options: Vec<_> = web.options.iter().map(|it| (it.option, it.now.as_str(), it.in_files.as_str())).collect();
        assert_eq!(options, [("command", "/bin/cat", "/bin/dog"), ("stopwaitsecs", "10", "60")]);
        assert_eq!(
            (web.comes.as_slice(), web.goes.len(), web.stays.as_slice()),
            (&["b".to_owned()][..], 0, &["a".to_owned()][..])
        );
        assert_ne!(changes.digest, compare(&active, &active, vec![]).digest);
    }

    #[test]
    fn no_value_of_the_environment_is_told() {
        let with = |value: &str| {
            let mut config = process_config("a");
            config.environment.variables = [("TOKEN".into(), value.into())].into();
            config
        };
        let found = differences(&with("old secret"), &with("new secret"));
        assert_eq!(found.len(), 1);
        assert!(found[0].option == "environment" && !format!("{found:?}").contains("secret"), "{found:?}");
    }
}
