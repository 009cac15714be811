//! The rows of the list: from processes and what they use to groups of rows, filtered, ordered and cut into pages
//! (reference/web.md §7.1, §8.3).
//!
//! Pure functions of values; nothing is asked for here.

use std::collections::BTreeMap;
use std::sync::Arc;

use supervisor_core::{ProcessInfo, make_namespec};

use super::strip::Strip;
use super::view::{group_path, process_path};
use super::words::{self, Now, Shown};
use crate::control::attention::needs_attention;
use crate::control::resources::Use;

/// A process, and what it uses if that is known.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) info: Arc<ProcessInfo>,
    /// `None`: it does not run, or nobody can see what it uses.
    pub(super) used: Option<Use>,
}

/// What a page of the list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// As it was typed.
    pub(super) q: String,
    pub(super) show: Show,
    pub(super) sort: Sort,
    /// From 1 on.
    pub(super) page: usize,
    /// The one group that is shown.
    pub(super) group: Option<String>,
}

/// The four choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    #[default]
    All,
    Attention,
    Running,
    Down,
}

/// The order, of groups by their first member and of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Name,
    State,
    Restarts,
    Cpu,
    Memory,
}

/// A group as one part of the table.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// `None`: the group has one process of its own name, which is a plain row.
    pub(super) head: Option<Head>,
    pub(super) rows: Vec<Row>,
}

/// The row of a group.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) count: String,
    pub(super) restarts: String,
    pub(super) cpu: String,
    pub(super) memory: String,
    pub(super) can_start: bool,
    pub(super) can_stop: bool,
}

/// The row of a process.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) short: String,
    pub(super) path: String,
    /// Empty: it has none.
    pub(super) pid: String,
    pub(super) shown: Shown,
    pub(super) tag: &'static str,
    pub(super) since: String,
    pub(super) restarts: u64,
    pub(super) cpu: String,
    pub(super) memory: String,
    /// Of 56, the width of the small bars.
    pub(super) cpu_bar: u32,
    pub(super) memory_bar: u32,
    pub(super) strip: Strip,
}

/// How many there are of what is chosen from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) all: usize,
    pub(super) attention: usize,
    pub(super) running: usize,
    pub(super) down: usize,
    pub(super) groups: usize,
}

impl Show {
    pub(super) const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::All, "", "All"),
        (Self::Attention, "attention", "Needs attention"),
        (Self::Running, "running", "Running"),
        (Self::Down, "down", "Not running"),
    ];

    pub(super) fn read(text: &str) -> Self {
        Self::ALL.into_iter().find(|(_, key, _)| *key == text).map_or(Self::All, |(show, _, _)| show)
    }

    pub(super) fn key(self) -> &'static str {
        Self::ALL.into_iter().find(|(show, _, _)| *show == self).map_or("", |(_, key, _)| key)
    }

    fn includes(self, info: &ProcessInfo) -> bool {
        match self {
            Self::All => true,
            Self::Attention => needs_attention(info),
            Self::Running => Shown::of(info) == Shown::Running,
            Self::Down => is_down(info),
        }
    }
}

impl Sort {
    pub(super) fn read(text: &str) -> Self {
        match text {
            "state" => Self::State,
            "restarts" => Self::Restarts,
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            _ => Self::Name,
        }
    }

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Restarts => "restarts",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }

    /// What comes first is smaller.
    fn rank(self, process: &Process) -> u64 {
        let used = process.used;
        match self {
            Self::Name => 0,
            Self::State => Shown::of(&process.info) as u64,
            Self::Restarts => u64::MAX - process.info.tally.restarts,
            Self::Cpu => u64::MAX - used.map_or(0, |used| millionths(used.cpu)),
            Self::Memory => u64::MAX - used.map_or(0, |used| used.memory),
        }
    }
}

/// So that shares of a core can be ordered.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is small and not negative")]
fn millionths(share: Option<f64>) -> u64 {
    (share.unwrap_or(0.0) * 1e6) as u64
}

fn is_down(info: &ProcessInfo) -> bool {
    match Shown::of(info) {
        Shown::Fatal | Shown::Backoff | Shown::Unexpected | Shown::Unknown | Shown::Exited | Shown::Stopped => true,
        Shown::Stopping | Shown::Starting | Shown::Running => false,
    }
}

impl Counts {
    pub(super) fn of(processes: &[Process]) -> Self {
        let number = |show: Show| processes.iter().filter(|process| show.includes(&process.info)).count();
        let mut groups: Vec<&str> = processes.iter().map(|process| &*process.info.group).collect();
        groups.dedup();
        Self {
            all: processes.len(),
            attention: number(Show::Attention),
            running: number(Show::Running),
            down: number(Show::Down),
            groups: groups.len(),
        }
    }

    pub(super) fn of_choice(&self, show: Show) -> usize {
        match show {
            Show::All => self.all,
            Show::Attention => self.attention,
            Show::Running => self.running,
            Show::Down => self.down,
        }
    }
}

impl Wanted {
    /// Whether a process is shown: each word is in its name, its group, its state or its tag; `state:fatal` and
    /// `group:web` look there alone, `!canary` is not there.
    pub(super) fn includes(&self, info: &ProcessInfo) -> bool {
        let state = Shown::of(info).word().to_lowercase();
        let group = info.group.to_lowercase();
        let text = format!("{} {state} {}", make_namespec(&info.group, &info.config.name).to_lowercase(), tag(info));
        let has = |word: &str| match word.split_once(':') {
            Some(("state", wanted)) => state.starts_with(wanted),
            Some(("group", wanted)) => group == wanted,
            Some(_) | None => text.contains(word),
        };
        let words = self.q.to_lowercase();
        self.group.as_deref().is_none_or(|wanted| wanted == &*info.group)
            && self.show.includes(info)
            && words.split_whitespace().all(|word| match word.strip_prefix('!') {
                Some(word) => word.is_empty() || !has(word),
                None => has(word),
            })
    }
}

/// What is shown of `processes`, which are sorted by group and name: the groups of one page, and how many pages there
/// are.
pub(super) fn rows(processes: &[Process], wanted: &Wanted, page_rows: usize, now: &Now) -> (Vec<Rows>, usize) {
    let mut groups: BTreeMap<&str, Vec<&Process>> = BTreeMap::new();
    for process in processes.iter().filter(|process| wanted.includes(&process.info)) {
        groups.entry(&process.info.group).or_default().push(process);
    }
    let mut groups: Vec<(&str, Vec<&Process>)> = groups.into_iter().collect();
    for (_, members) in &mut groups {
        members.sort_by_key(|process| wanted.sort.rank(process));
    }
    groups.sort_by_key(|(_, members)| members.first().map(|first| wanted.sort.rank(first)));
    let shown: usize = groups.iter().map(|(_, members)| members.len()).sum();
    let pages = shown.div_ceil(page_rows).max(1);
    let first = (wanted.page.clamp(1, pages) - 1) * page_rows;
    let most = Most::of(processes);
    let (mut all, mut position) = (Vec::new(), 0);
    for (name, members) in groups {
        let range = first.saturating_sub(position).min(members.len())
            ..(first + page_rows).saturating_sub(position).min(members.len());
        position += members.len();
        if range.is_empty() {
            continue;
        }
        let whole: Vec<&Process> = processes.iter().filter(|process| *process.info.group == *name).collect();
        let has_head = whole.len() > 1 || whole.iter().any(|process| *process.info.config.name != *name);
        all.push(Rows {
            head: has_head.then(|| Head::of(name, &whole)),
            rows: members[range].iter().map(|process| Row::of(process, &most, now)).collect(),
        });
    }
    (all, pages)
}

/// The largest, which fill their bars.
struct Most {
    cpu: f64,
    memory: u64,
}

impl Most {
    fn of(processes: &[Process]) -> Self {
        let used = || processes.iter().filter_map(|process| process.used);
        Self {
            cpu: used().filter_map(|used| used.cpu).fold(1.0, f64::max),
            memory: used().map(|used| used.memory).max().unwrap_or(0),
        }
    }
}

const BAR: u32 = 56;

impl Row {
    fn of(process: &Process, most: &Most, now: &Now) -> Self {
        let Process { info, used } = process;
        let name = make_namespec(&info.group, &info.config.name);
        let (cpu, memory) = (used.and_then(|used| used.cpu), used.map(|used| used.memory));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the width of a bar")]
        let cpu_bar = cpu.map_or(0, |share| (f64::from(BAR) * share / most.cpu) as u32);
        let memory_bar = memory.map_or(0, |bytes| bytes * u64::from(BAR) / most.memory.max(1));
        Self {
            path: process_path(&name),
            short: info.config.name.to_string(),
            name,
            pid: info.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            shown: Shown::of(info),
            tag: tag(info),
            since: words::since(info, now),
            restarts: info.tally.restarts,
            cpu: cpu.map(|share| words::cpu(share, false)).unwrap_or_default(),
            memory: memory.map(words::size).unwrap_or_default(),
            cpu_bar,
            memory_bar: u32::try_from(memory_bar).unwrap_or(BAR),
            strip: Strip::of(info, now),
        }
    }
}

impl Head {
    fn of(name: &str, members: &[&Process]) -> Self {
        let shown = || members.iter().map(|process| Shown::of(&process.info));
        let running = shown().filter(|shown| *shown == Shown::Running).count();
        let restarts: u64 = members.iter().map(|process| process.info.tally.restarts).sum();
        let (cpu, memory) = sums(members.iter().copied());
        Self {
            name: name.to_owned(),
            path: group_path(name),
            count: format!("{} of {} running", words::count(running as u64), words::count(members.len() as u64)),
            restarts: if restarts > 0 { words::count(restarts) } else { String::new() },
            cpu: cpu.map(|share| words::cpu(share, true)).unwrap_or_default(),
            memory: memory.map(words::size).unwrap_or_default(),
            can_start: shown().any(Shown::can_start),
            can_stop: shown().any(Shown::can_stop),
        }
    }
}

/// CPU and memory of all; `None`: of none it is known.
pub(super) fn sums<'p>(processes: impl Iterator<Item = &'p Process>) -> (Option<f64>, Option<u64>) {
    let used: Vec<Use> = processes.filter_map(|process| process.used).collect();
    let cpu = used.iter().filter_map(|used| used.cpu).reduce(|sum, share| sum + share);
    let memory = used.iter().map(|used| used.memory).reduce(|sum, bytes| sum + bytes);
    (cpu, memory)
}

/// What kind of process it is, where that is not a program.
pub(super) fn tag(info: &ProcessInfo) -> &'static str {
    if info.config.socket.is_some() { "fcgi" } else { "" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;
    use supervisor_core::{ProcessState, Tally};

    use super::*;
    use crate::test_data::process_info;

    fn process(group: &str, name: &str, state: ProcessState, restarts: u64) -> Process {
        let tally = Tally { restarts, ..Tally::default() };
        Process { info: Arc::new(ProcessInfo { group: group.into(), state, tally, ..process_info(name) }), used: None }
    }

    fn all() -> Vec<Process> {
        vec![
            process("cron", "cron", ProcessState::Running, 0),
            process("mail", "in", ProcessState::Running, 2),
            process("mail", "queue", ProcessState::Backoff, 5),
            process("solo", "other", ProcessState::Stopped, 0),
        ]
    }

    fn shown(wanted: &Wanted, page_rows: usize) -> String {
        let now = Now { wall: Duration::ZERO, zone: TimeZone::UTC };
        let (groups, pages) = rows(&all(), wanted, page_rows, &now);
        let group = |rows: &Rows| {
            let head = rows.head.as_ref().map(|head| format!("[{} {}] ", head.name, head.count)).unwrap_or_default();
            head + &rows.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        format!("{} /{pages}", groups.iter().map(group).collect::<Vec<_>>().join(" | "))
    }

    #[test]
    fn a_group_has_a_head_unless_its_one_process_is_called_as_it() {
        let expected = "cron | [mail 1 of 2 running] mail:in mail:queue | [solo 0 of 1 running] solo:other /1";
        assert_eq!(shown(&Wanted::default(), 100), expected);
    }

    #[test]
    fn an_order_is_of_groups_and_of_members() {
        let sorted = |sort| shown(&Wanted { sort, ..Wanted::default() }, 100);
        assert!(sorted(Sort::State).starts_with("[mail 1 of 2 running] mail:queue mail:in | cron"));
        assert!(sorted(Sort::Restarts).starts_with("[mail 1 of 2 running] mail:queue mail:in"));
    }

    #[test]
    fn words_narrow_the_list() {
        let found = |q: &str, show| {
            let wanted = Wanted { q: q.to_owned(), show, ..Wanted::default() };
            let infos = all();
            let names = infos.iter().filter(|process| wanted.includes(&process.info));
            names.map(|process| process.info.config.name.to_string()).collect::<Vec<_>>().join(" ")
        };
        for (q, show, expected) in [
            ("", Show::All, "cron in queue other"),
            ("MAIL", Show::All, "in queue"),
            ("mail run", Show::All, "in"),
            ("state:back", Show::All, "queue"),
            ("group:mail !queue", Show::All, "in"),
            ("!", Show::Attention, "queue"),
            ("", Show::Down, "queue other"),
            ("", Show::Running, "cron in"),
            ("nosuch", Show::All, ""),
        ] {
            assert_eq!(found(q, show), expected, "{q}");
        }
        let counts = Counts::of(&all());
        assert_eq!(counts, Counts { all: 4, attention: 1, running: 2, down: 2, groups: 3 });
        for (show, key, _) in Show::ALL {
            assert_eq!((Show::read(key), show.key()), (show, key));
        }
    }

    #[test]
    fn a_long_list_has_pages() {
        let page = |page| shown(&Wanted { page, ..Wanted::default() }, 2);
        assert_eq!(page(1), "cron | [mail 1 of 2 running] mail:in /2");
        assert_eq!(page(2), "[mail 1 of 2 running] mail:queue | [solo 0 of 1 running] solo:other /2");
        assert_eq!((page(0), page(9)), (page(1), page(2)));
    }
}
