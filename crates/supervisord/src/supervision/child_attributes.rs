//! From the configuration of a program to what its child sets of itself, and the words for what it could not set.

use std::fmt::Display;

use supervisor_core::{AttributesConfig, Capabilities, IoPriority, Limit, ProcessConfig, ResourceLimit, Scheduler};
use supervisor_sys::{ChildAttributes, ChildSetting, CpuSet, Setting};

/// See above.
pub(super) fn child_attributes(config: &ProcessConfig) -> ChildAttributes {
    let attributes = &config.attributes;
    let identity = &config.identity;
    let bounding = |stays: Capabilities| (stays, "capability_bounding".to_owned());
    let ambient = Some(attributes.ambient_capabilities).filter(|kept| !kept.is_empty());
    ChildAttributes {
        umask: identity.umask,
        settings: settings(attributes),
        bounding: attributes.capability_bounding.map(bounding),
        ambient: ambient.map(|kept| (kept, "ambient_capabilities".to_owned())),
        sets_groups: identity.gid.is_some() || identity.groups.is_some(),
        new_session: attributes.new_session,
        pdeathsig: attributes.pdeathsig,
        no_new_privs: attributes.no_new_privs,
    }
}

/// In the order in which they are set: what needs a descriptor before a limit may take them away.
fn settings(attributes: &AttributesConfig) -> Vec<ChildSetting> {
    let setting =
        |option: &str, value: &dyn Display, what| ChildSetting { what, words: format!("{option} to {value}") };
    let mut settings = Vec::new();
    settings.extend(
        attributes.oom_score_adj.map(|score| setting("oom_score_adj", &score, Setting::OomScore(score.to_string()))),
    );
    for ResourceLimit { resource, limit } in &attributes.limits {
        settings.push(setting(resource.option(), &limit_text(*limit), Setting::Limit(*resource, *limit)));
    }
    settings.extend(attributes.nice.map(|nice| setting("nice", &nice, Setting::Nice(nice))));
    settings.extend(
        attributes.ioprio.map(|priority| setting("ioprio", &io_priority_text(priority), Setting::IoPriority(priority))),
    );
    settings.extend(
        attributes.sched.map(|scheduler| setting("sched", &scheduler_text(scheduler), Setting::Scheduler(scheduler))),
    );
    settings.extend(attributes.cpu_affinity.as_deref().map(|ranges| {
        let texts: Vec<String> = ranges.iter().map(|range| range_text(range.first, range.last)).collect();
        setting("cpu_affinity", &texts.join(","), Setting::Cpus(CpuSet::new(ranges)))
    }));
    settings
}

fn limit_text(limit: Limit) -> String {
    let one = |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    let hard = limit.hard.map(|hard| format!(":{}", one(hard)));
    one(limit.soft) + &hard.unwrap_or_default()
}

fn io_priority_text(priority: IoPriority) -> String {
    match priority {
        IoPriority::None => "none".to_owned(),
        IoPriority::Idle => "idle".to_owned(),
        IoPriority::BestEffort(level) => format!("best-effort:{level}"),
        IoPriority::Realtime(level) => format!("realtime:{level}"),
    }
}

fn scheduler_text(scheduler: Scheduler) -> String {
    match scheduler {
        Scheduler::Other => "other".to_owned(),
        Scheduler::Batch => "batch".to_owned(),
        Scheduler::Idle => "idle".to_owned(),
        Scheduler::Fifo(priority) => format!("fifo:{priority}"),
        Scheduler::RoundRobin(priority) => format!("rr:{priority}"),
    }
}

fn range_text(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

#[cfg(test)]
mod tests {
    use supervisor_core::{CpuRange, Resource};

    use super::*;

    #[test]
    fn each_setting_has_its_words() {
        let mut config = ProcessConfig::new("web", "x");
        assert_eq!(child_attributes(&config), ChildAttributes::default());
        let limit = |resource, soft, hard| ResourceLimit { resource, limit: Limit { soft, hard } };
        let limits = [limit(Resource::Nofile, Some(65_536), None), limit(Resource::Core, Some(0), Some(None))];
        config.attributes = AttributesConfig {
            limits: limits.into(),
            nice: Some(-5),
            ioprio: Some(IoPriority::BestEffort(7)),
            sched: Some(Scheduler::Fifo(3)),
            cpu_affinity: Some([CpuRange { first: 0, last: 3 }, CpuRange { first: 8, last: 8 }].into()),
            oom_score_adj: Some(-900),
            ..AttributesConfig::default()
        };
        let words: Vec<String> = settings(&config.attributes).into_iter().map(|setting| setting.words).collect();
        assert_eq!(
            words,
            [
                "oom_score_adj to -900",
                "rlimit_nofile to 65536",
                "rlimit_core to 0:unlimited",
                "nice to -5",
                "ioprio to best-effort:7",
                "sched to fifo:3",
                "cpu_affinity to 0-3,8"
            ]
        );
    }
}
