//! Runs as many workers as there is work for them, in Rust; what `autoscaler.py` beside it does.
//!
//! The load is the number of files in a spool folder: jobs that wait. Every five seconds, and at once for a call of
//! `queue.scale()`, it is measured, and workers are added to a running group or taken out until there is one for each so
//! many jobs. No file is written, and nothing but the group is touched.
//!
//! ```ini
//! [rpcinterface:queue]
//! command=%(here)s/queue_autoscaler
//! allow=sup.group, sup.parse_program, sup.add_process, sup.remove_process, sup.log, sup.notify, sup.subscribe,
//!     supervisor.stopProcess
//! spool=/var/spool/jobs
//! group=workers
//! worker=/usr/bin/worker
//! jobs_per_worker=10
//! max=8
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use supervisor_extension::{Extension, Fault, Method, Supervisor, Value};

/// supervisord's fault for a process that has stopped already.
const NOT_RUNNING: i32 = 70;

fn main() -> io::Result<()> {
    let scaler = Arc::<Scaler>::default();
    let depth = Method::new("depth", |call| Ok(Plan::read(&call.section().config)?.jobs()?.into()));
    let (of_method, of_start, of_ticks) = (Arc::clone(&scaler), Arc::clone(&scaler), scaler);
    let scale = Method::new("scale", move |call| Ok(of_method.scale(call.supervisor())?.into()));
    Extension::new()
        .method(depth.help("How many jobs wait.").signature("int", &[]))
        .method(scale.help("Measures now, adds or removes workers, and says how many there are.").signature("int", &[]))
        .event_type("QUEUE_DEPTH")
        .at_start(move |_, section| drop(of_start.plan.set(Plan::read(&section.config))))
        .on_event("TICK_5", None, move |supervisor, _| {
            if let Err(fault) = of_ticks.scale(supervisor) {
                // The next tick tries again.
                report(&format!("not scaled: {fault}"));
            }
        })
        .run()
}

/// What is done, one at a time: two would both see what is missing, and both add it.
#[derive(Debug, Default)]
struct Scaler {
    plan: OnceLock<Result<Plan, Fault>>,
    one_at_a_time: Mutex<()>,
}

impl Scaler {
    /// Goes where the measure says; how many workers there are then.
    fn scale(&self, supervisor: &Supervisor) -> Result<i64, Fault> {
        let plan =
            self.plan.get().ok_or_else(|| Fault::failed("it has just been started"))?.as_ref().map_err(Fault::clone)?;
        let _alone = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let (jobs, there) = (plan.jobs()?, plan.workers(supervisor)?);
        let wanted = (jobs + plan.jobs_per_worker - 1).div_euclid(plan.jobs_per_worker).min(plan.max);
        if wanted == there {
            return Ok(wanted);
        }
        supervisor.log("info", &format!("{jobs} jobs wait: from {there} to {wanted} workers"))?;
        match supervisor.notify("QUEUE_DEPTH", &format!("depth:{jobs} workers:{wanted}")) {
            // A supervisord that takes no such events: it goes on without.
            Err(fault) if fault.code != Fault::UNKNOWN_METHOD => return Err(fault),
            Ok(()) | Err(_) => {}
        }
        for number in there..wanted {
            let options = [("command", plan.worker.as_str()), ("autorestart", "true")];
            supervisor.add_program(&plan.group, &worker(number), &options)?;
        }
        for number in (wanted..there).rev() {
            let name = worker(number);
            match supervisor.call("supervisor.stopProcess", &[format!("{}:{name}", plan.group).into()]) {
                Err(fault) if fault.code != NOT_RUNNING => return Err(fault),
                Ok(_) | Err(_) => supervisor.remove_process(&plan.group, &name)?,
            }
        }
        Ok(wanted)
    }
}

fn worker(number: i64) -> String {
    format!("worker-{number}")
}

/// The options of the section.
#[derive(Debug)]
struct Plan {
    spool: String,
    group: String,
    worker: String,
    jobs_per_worker: i64,
    max: i64,
}

impl Plan {
    fn read(config: &BTreeMap<String, String>) -> Result<Self, Fault> {
        let text = |name: &str| config.get(name).cloned().ok_or_else(|| Fault::failed(format!("{name}= is missing")));
        let number = |name: &str| match text(name)?.parse() {
            Ok(number @ 1..) => Ok(number),
            Ok(_) | Err(_) => Err(Fault::failed(format!("{name}= is no number above 0"))),
        };
        Ok(Self {
            spool: text("spool")?,
            group: text("group")?,
            worker: text("worker")?,
            jobs_per_worker: number("jobs_per_worker")?,
            max: number("max")?,
        })
    }

    fn jobs(&self) -> Result<i64, Fault> {
        let names = fs::read_dir(&self.spool)?.map(|entry| entry.map(|entry| entry.file_name()));
        let names: Vec<_> = names.collect::<io::Result<_>>()?;
        let jobs = names.iter().filter(|name| !name.as_encoded_bytes().starts_with(b".")).count();
        i64::try_from(jobs).map_err(Fault::failed)
    }

    /// How many workers the group has, numbered from 0 without a gap.
    fn workers(&self, supervisor: &Supervisor) -> Result<i64, Fault> {
        let group = supervisor.group(&self.group)?;
        let Some(Value::Array(configs)) = group.member("configs") else { return Ok(0) };
        let is_there = |number: &i64| {
            let name = Value::from(worker(*number));
            configs.iter().any(|config| config.member("name") == Some(&name))
        };
        let most = i64::try_from(configs.len()).map_err(Fault::failed)?;
        Ok((0..most).find(|number| !is_there(number)).unwrap_or(most))
    }
}

/// A line for the log of this program.
#[expect(clippy::print_stderr, reason = "supervisord keeps it in the log of this program")]
fn report(line: &str) {
    eprintln!("{line}");
}
