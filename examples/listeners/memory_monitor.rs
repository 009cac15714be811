//! Restarts programs that take too much memory, as superlance's `memmon` does.
//!
//! ```ini
//! [eventlistener:memory_monitor]
//! command=memory_monitor -p web=200MB -g workers=1GB -a 4GB
//! events=TICK_60
//! ```
//!
//! - `-p NAME=SIZE`: the process of this name (`name` or `group:name`) is restarted when it takes more;
//! - `-g GROUP=SIZE`: so is each process of the group;
//! - `-a SIZE`: so is every process. The first rule that names a process counts, in this order.
//!
//! SIZE is a number of bytes, or of KB, MB, GB. What is measured is the resident memory of the process itself, as
//! `/proc/PID/status` has it. One that does not start again is reported and tried with the next tick.

use std::fs;
use std::io;
use std::process::ExitCode;

use supervisor_listener::{CallError, Client, Event, Listener, Value, Verdict};

fn main() -> ExitCode {
    match watch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn watch() -> io::Result<()> {
    let limits = Limits::parse(std::env::args().skip(1))
        .ok_or_else(|| io::Error::other("usage: memory_monitor [-p NAME=SIZE]… [-g GROUP=SIZE]… [-a SIZE]"))?;
    let supervisor = Client::from_environment()?;
    Listener::of_this_process().run(|notification| {
        if let Event::Tick { .. } = notification.event
            && let Err(error) = check(&limits, &supervisor)
        {
            report(&error.to_string());
        }
        Verdict::Ok
    })
}

/// Looks at every process once.
fn check(limits: &Limits, supervisor: &Client) -> Result<(), CallError> {
    let Value::Array(infos) = supervisor.call("supervisor.getAllProcessInfo", &[])? else { return Ok(()) };
    for process in infos.iter().filter_map(Process::running) {
        let (Some(limit), Some(used)) = (limits.of(&process), resident_bytes(process.pid)) else { continue };
        if used <= limit {
            continue;
        }
        let name = format!("{}:{}", process.group, process.name);
        report(&format!("{name} takes {used} bytes, more than {limit}: restarting it"));
        if let Err(error) = restart(supervisor, &name) {
            report(&format!("{name} was not restarted: {error}"));
        }
    }
    Ok(())
}

fn restart(supervisor: &Client, name: &str) -> Result<(), CallError> {
    supervisor.call("supervisor.stopProcess", &[name.into()])?;
    supervisor.call("supervisor.startProcess", &[name.into()])?;
    Ok(())
}

/// A process that runs.
struct Process<'a> {
    name: &'a str,
    group: &'a str,
    pid: i64,
}

impl<'a> Process<'a> {
    fn running(info: &'a Value) -> Option<Self> {
        let text = |key| if let Some(Value::Str(text)) = info.member(key) { Some(text.as_str()) } else { None };
        let Some(Value::Int(pid @ 1..)) = info.member("pid") else { return None };
        Some(Self { name: text("name")?, group: text("group")?, pid: *pid })
    }
}

/// The resident memory of a process; `None` once it has ended.
fn resident_bytes(pid: i64) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// What each process may take.
#[derive(Debug, Default, PartialEq, Eq)]
struct Limits {
    processes: Vec<(String, u64)>,
    groups: Vec<(String, u64)>,
    all: Option<u64>,
}

impl Limits {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut limits = Self::default();
        while let Some(option) = arguments.next() {
            let value = arguments.next()?;
            let named = || value.split_once('=').and_then(|(name, size)| Some((name.to_owned(), bytes(size)?)));
            match option.as_str() {
                "-p" => limits.processes.push(named()?),
                "-g" => limits.groups.push(named()?),
                "-a" => limits.all = Some(bytes(&value)?),
                _ => return None,
            }
        }
        (limits != Self::default()).then_some(limits)
    }

    fn of(&self, process: &Process<'_>) -> Option<u64> {
        let full_name = format!("{}:{}", process.group, process.name);
        let by_name = self.processes.iter().find(|(name, _)| *name == process.name || *name == full_name);
        let rule = by_name.or_else(|| self.groups.iter().find(|(group, _)| group == process.group));
        rule.map(|(_, limit)| *limit).or(self.all)
    }
}

/// A size such as `200MB`.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// A line for the log. Not on stdout, which is the listener's protocol.
#[expect(clippy::print_stderr, reason = "supervisord keeps it in the log of this program")]
fn report(line: &str) {
    eprintln!("{line}");
}
