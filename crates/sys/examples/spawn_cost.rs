//! What a spawn costs while many programs run: each keeps five descriptors of ours, and its pidfd.
//!
//! Usage: `spawn_cost [PROGRAM [COUNT …]]`; the program has to end when its stdin does. For each count and method it
//! prints the time per spawn, the processor time of ours and of the children, and then, with all of them running, the
//! median of one more start and end.
#![expect(clippy::print_stdout, reason = "its output is the result")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use supervisor_sys::rlimits::{Resource, raise};
use supervisor_sys::{CStrArray, Child, ChildAttributes, Signals, SpawnMethod, SpawnPlan, Spawner, pipe, wait_pid};

/// Starts and ends that the median is taken of.
const SAMPLES: usize = 201;

fn main() -> io::Result<()> {
    // As in the daemon: each child has to undo its handlers.
    let _signals = Signals::install()?;
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().unwrap_or_else(|| "/bin/cat".to_owned());
    let mut counts: Vec<usize> = arguments.map(|count| count.parse().expect("a number")).collect();
    if counts.is_empty() {
        counts = vec![100, 1000, 3000];
    }
    let most = counts.iter().max().expect("one at least");
    let descriptors = i64::try_from(most * 6 + 100).expect("not that many");
    raise(Resource::NoFile, descriptors).map_err(io::Error::other)?;
    let program = CString::new(program)?;
    for count in counts {
        for method in [SpawnMethod::SharedMemory, SpawnMethod::CopiedMemory, SpawnMethod::Fork] {
            measure(&program, count, method)?;
        }
    }
    Ok(())
}

/// A program that runs, with what a daemon keeps of it.
struct Program {
    child: Child,
    stdin: OwnedFd,
    _rest: [OwnedFd; 4],
}

fn measure(program: &CString, count: usize, method: SpawnMethod) -> io::Result<()> {
    let mut spawner = Spawner::new()?;
    let environment = CStrArray::new(vec![c"PATH=/usr/bin:/bin".to_owned()]);
    let mut spawning = Duration::ZERO;
    let (own, all) = (processor_time(UsageWho::RUSAGE_SELF), Instant::now());
    let programs: Vec<Program> = (0..count)
        .map(|_| start(&mut spawner, program, &environment, method, &mut spawning))
        .collect::<io::Result<_>>()?;
    let (own, all) = (processor_time(UsageWho::RUSAGE_SELF).saturating_sub(own), all.elapsed());

    let mut samples = Vec::with_capacity(SAMPLES);
    let mut spawning_of_samples = Duration::ZERO;
    for _ in 0..SAMPLES {
        let before = Instant::now();
        let one_more = start(&mut spawner, program, &environment, method, &mut spawning_of_samples)?;
        end(one_more)?;
        samples.push(before.elapsed());
    }
    samples.sort_unstable();
    let children = processor_time(UsageWho::RUSAGE_CHILDREN);
    for program in programs {
        end(program)?;
    }
    let children = processor_time(UsageWho::RUSAGE_CHILDREN).saturating_sub(children);

    let per_program = |total: Duration| total.as_secs_f64() * 1e6 / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    println!(
        "{count:5} {method:<12?} {:7.3} s in all; for each: {:6.1} µs in spawn(), {:6.1} µs processor of ours, \
         {:6.1} µs of the child; one more start and end: {:6.1} µs",
        all.as_secs_f64(),
        per_program(spawning),
        per_program(own),
        per_program(children),
        samples[SAMPLES / 2].as_secs_f64() * 1e6,
    );
    Ok(())
}

fn start(
    spawner: &mut Spawner,
    program: &CString,
    environment: &CStrArray,
    method: SpawnMethod,
    spawning: &mut Duration,
) -> io::Result<Program> {
    let (stdin_end, stdin) = pipe::pipe()?;
    let (stdout, stdout_end) = pipe::pipe()?;
    let (stderr, stderr_end) = pipe::pipe()?;
    for end in [&stdin, &stdout, &stderr] {
        pipe::set_nonblocking(end.as_fd())?;
    }
    let logs = [File::open("/dev/null")?.into(), File::open("/dev/null")?.into()];
    let before = Instant::now();
    let child = spawner.spawn(&SpawnPlan {
        executable: program,
        argv: std::slice::from_ref(program),
        envp: environment,
        directory: None,
        attributes: ChildAttributes::default(),
        credentials: None,
        refusal: None,
        descriptors: &[(stdin_end.as_fd(), 0), (stdout_end.as_fd(), 1), (stderr_end.as_fd(), 2)],
        method,
    })?;
    *spawning += before.elapsed();
    let [first_log, second_log] = logs;
    Ok(Program { child, stdin, _rest: [stdout, stderr, first_log, second_log] })
}

/// Closes its stdin and waits for it.
fn end(program: Program) -> io::Result<()> {
    drop(program.stdin);
    let pidfd = program.child.pidfd.ok_or(io::ErrorKind::Unsupported)?;
    poll(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
    wait_pid(program.child.pid)?.expect("its pidfd was readable");
    Ok(())
}

fn processor_time(who: UsageWho) -> Duration {
    let usage = getrusage(who).expect("getrusage(2) knows who");
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}
