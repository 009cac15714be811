//! Runs as many instances of a program as there is work for them.
//!
//! The load is the number of files in a spool folder: jobs that wait. With every tick, and at once for a remote event
//! of the type `scale`, it is measured, and instances are added or removed until there is one for each so many jobs.
//!
//! ```ini
//! [include]
//! files=workers.conf
//!
//! [eventlistener:autoscaler]
//! command=autoscaler --name worker --spool /var/spool/jobs --include /etc/supervisor/workers.conf
//!     --command /usr/bin/worker --jobs-per-instance 10 --min 1 --max 8
//! events=TICK_5,REMOTE_COMMUNICATION
//! ```
//!
//! Each instance is a program of its own, `worker_1`, `worker_2` and so on, in the included file, which belongs to the
//! autoscaler. To add one it writes the file, then calls `reloadConfig` and `addProcessGroup`; to remove one it stops
//! the group, writes the file, then calls `reloadConfig` and `removeProcessGroup`. Instances that stay are not touched,
//! and a restart of supervisord begins with as many as there were. The last instance is removed first.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use supervisor_listener::{CallError, Client, Event, Listener, Value, Verdict};

fn main() -> ExitCode {
    match scale() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn scale() -> io::Result<()> {
    let plan = Plan::parse(std::env::args().skip(1)).ok_or_else(|| {
        io::Error::other(
            "usage: autoscaler --name NAME --spool FOLDER --include FILE --command COMMAND \
             --jobs-per-instance NUMBER --min NUMBER --max NUMBER",
        )
    })?;
    let supervisor = Client::from_environment()?;
    Listener::of_this_process().run(|notification| {
        let asked = match &notification.event {
            Event::Tick { .. } => true,
            Event::RemoteCommunication { kind, .. } => kind == "scale",
            _ => false,
        };
        if asked && let Err(error) = plan.follow(&supervisor) {
            // The next tick tries again from what is then there.
            report(&error.to_string());
        }
        Verdict::Ok
    })
}

/// What is to be scaled, and how.
#[derive(Debug, Default)]
struct Plan {
    name: String,
    spool: PathBuf,
    include: PathBuf,
    command: String,
    jobs_per_instance: usize,
    min: usize,
    max: usize,
}

impl Plan {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut plan = Self::default();
        while let Some(option) = arguments.next() {
            let value = arguments.next()?;
            match option.as_str() {
                "--name" => plan.name = value,
                "--spool" => plan.spool = value.into(),
                "--include" => plan.include = value.into(),
                "--command" => plan.command = value,
                "--jobs-per-instance" => plan.jobs_per_instance = value.parse().ok()?,
                "--min" => plan.min = value.parse().ok()?,
                "--max" => plan.max = value.parse().ok()?,
                _ => return None,
            }
        }
        let complete = !plan.name.is_empty() && !plan.command.is_empty() && plan.include.is_absolute();
        (complete && plan.jobs_per_instance > 0 && plan.min <= plan.max).then_some(plan)
    }

    /// Measures, and goes where the measure says.
    fn follow(&self, supervisor: &Client) -> Result<(), CallError> {
        let jobs = fs::read_dir(&self.spool)?.count();
        let wanted = jobs.div_ceil(self.jobs_per_instance).clamp(self.min, self.max);
        let now = self.instances(supervisor)?;
        if now == wanted {
            return Ok(());
        }
        report(&format!("{jobs} jobs wait: from {now} to {wanted} instances of {}", self.name));
        let removed: Vec<String> = (wanted + 1..=now).map(|number| self.instance(number)).collect();
        for group in &removed {
            supervisor.call("supervisor.stopProcessGroup", &[group.as_str().into()])?;
        }
        self.write_include(wanted)?;
        supervisor.call("supervisor.reloadConfig", &[])?;
        for group in &removed {
            supervisor.call("supervisor.removeProcessGroup", &[group.as_str().into()])?;
        }
        for number in now + 1..=wanted {
            supervisor.call("supervisor.addProcessGroup", &[self.instance(number).into()])?;
        }
        Ok(())
    }

    /// How many instances supervisord has, numbered from 1 without a gap.
    fn instances(&self, supervisor: &Client) -> Result<usize, CallError> {
        let Value::Array(infos) = supervisor.call("supervisor.getAllProcessInfo", &[])? else { return Ok(0) };
        let has = |group: &str| infos.iter().any(|info| info.member("group") == Some(&Value::from(group)));
        Ok((1..=infos.len()).take_while(|number| has(&self.instance(*number))).count())
    }

    fn instance(&self, number: usize) -> String {
        format!("{}_{number}", self.name)
    }

    /// Writes the file anew and puts it in its place in one step, so that nobody reads half of it.
    fn write_include(&self, instances: usize) -> io::Result<()> {
        let section = |number| format!("[program:{}]\ncommand={}\n\n", self.instance(number), self.command);
        let text: String = (1..=instances).map(section).collect();
        let new = self.include.with_extension("new");
        fs::write(&new, format!("; Written by the autoscaler, which will write it again.\n\n{text}"))?;
        fs::rename(&new, &self.include)
    }
}

/// A line for the log. Not on stdout, which is the listener's protocol.
#[expect(clippy::print_stderr, reason = "supervisord keeps it in the log of this program")]
fn report(line: &str) {
    eprintln!("{line}");
}
