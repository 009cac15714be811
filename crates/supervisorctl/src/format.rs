//! Every line that is made from an answer: words and columns (contract/ctl.md §3).
//!
//! Deploy scripts read these lines; a blank more or less is a change of the interface.

use supervisor_core::{FaultCode, make_namespec};

use crate::answers::{ConfigInfo, ProcessInfo, ProcessResult};
use crate::failure::Failure;
use crate::result_code::ResultCode::{self, Known};

/// Namespecs shorter than this do not change the column of the states.
const MIN_NAMESPEC_WIDTH: usize = 30;

/// Columns of a terminal, as `help` assumes them.
const SCREEN_WIDTH: usize = 80;

/// `status`: a line per process, the states under each other.
pub(crate) fn status_lines(infos: &[ProcessInfo]) -> Vec<String> {
    let namespecs: Vec<String> = infos.iter().map(|info| make_namespec(&info.group, &info.name)).collect();
    let longest = namespecs.iter().map(|namespec| namespec.chars().count()).max().unwrap_or(0);
    let width = longest.max(MIN_NAMESPEC_WIDTH) + 3;
    let line = |(namespec, info): (&String, &ProcessInfo)| {
        format!("{namespec:<width$}{:<10}{}", info.statename, info.description)
    };
    namespecs.iter().zip(infos).map(line).collect()
}

/// `avail`: a line per configured process.
pub(crate) fn avail_line(info: &ConfigInfo) -> String {
    let namespec = make_namespec(&info.group, &info.name);
    let in_use = if info.in_use { "in use" } else { "avail" };
    let autostart = if info.autostart { "auto" } else { "manual" };
    format!("{namespec:<32} {in_use:<9} {autostart:<9} {}:{}", info.group_priority, info.process_priority)
}

/// What `start` says about a process; a failure for a code that it has no words for.
pub(crate) fn start_line(result: &ProcessResult) -> Result<String, Failure> {
    match result.status {
        Known(FaultCode::Success) => Ok(format!("{}: started", namespec(result))),
        Known(FaultCode::BadName) => Ok(error(result, "no such process")),
        Known(FaultCode::NoFile) => Ok(error(result, "no such file")),
        Known(FaultCode::NotExecutable) => Ok(error(result, "file is not executable")),
        Known(FaultCode::AlreadyStarted) => Ok(error(result, "already started")),
        Known(FaultCode::SpawnError) => Ok(error(result, "spawn error")),
        Known(FaultCode::AbnormalTermination) => Ok(error(result, "abnormal termination")),
        Known(
            FaultCode::UnknownMethod
            | FaultCode::IncorrectParameters
            | FaultCode::BadArguments
            | FaultCode::SignatureUnsupported
            | FaultCode::ShutdownState
            | FaultCode::BadSignal
            | FaultCode::Failed
            | FaultCode::NotRunning
            | FaultCode::AlreadyAdded
            | FaultCode::StillRunning
            | FaultCode::CantReread,
        )
        | ResultCode::Other(_) => Err(unknown(result)),
    }
}

/// What `stop` says about a process.
pub(crate) fn stop_line(result: &ProcessResult) -> Result<String, Failure> {
    signal_or_stop_line(result, "stopped")
}

/// What `signal` says about a process.
pub(crate) fn signal_line(result: &ProcessResult) -> Result<String, Failure> {
    signal_or_stop_line(result, "signalled")
}

fn signal_or_stop_line(result: &ProcessResult, success: &str) -> Result<String, Failure> {
    match result.status {
        Known(FaultCode::Success) => Ok(format!("{}: {success}", namespec(result))),
        Known(FaultCode::BadName) => Ok(error(result, "no such process")),
        Known(FaultCode::BadSignal) => Ok(error(result, "bad signal name")),
        Known(FaultCode::NotRunning) => Ok(error(result, "not running")),
        Known(FaultCode::Failed) => Ok(result.description.clone()),
        Known(
            FaultCode::UnknownMethod
            | FaultCode::IncorrectParameters
            | FaultCode::BadArguments
            | FaultCode::SignatureUnsupported
            | FaultCode::ShutdownState
            | FaultCode::NoFile
            | FaultCode::NotExecutable
            | FaultCode::AbnormalTermination
            | FaultCode::SpawnError
            | FaultCode::AlreadyStarted
            | FaultCode::AlreadyAdded
            | FaultCode::StillRunning
            | FaultCode::CantReread,
        )
        | ResultCode::Other(_) => Err(unknown(result)),
    }
}

/// What `clear` says about a process.
pub(crate) fn clear_line(result: &ProcessResult) -> Result<String, Failure> {
    match result.status {
        Known(FaultCode::Success) => Ok(format!("{}: cleared", namespec(result))),
        Known(FaultCode::BadName) => Ok(error(result, "no such process")),
        Known(FaultCode::Failed) => Ok(error(result, "failed")),
        Known(
            FaultCode::UnknownMethod
            | FaultCode::IncorrectParameters
            | FaultCode::BadArguments
            | FaultCode::SignatureUnsupported
            | FaultCode::ShutdownState
            | FaultCode::BadSignal
            | FaultCode::NoFile
            | FaultCode::NotExecutable
            | FaultCode::AbnormalTermination
            | FaultCode::SpawnError
            | FaultCode::AlreadyStarted
            | FaultCode::NotRunning
            | FaultCode::AlreadyAdded
            | FaultCode::StillRunning
            | FaultCode::CantReread,
        )
        | ResultCode::Other(_) => Err(unknown(result)),
    }
}

/// `<what>: ERROR (<why>)`
pub(crate) fn error_line(what: &str, why: &str) -> String {
    format!("{what}: ERROR ({why})")
}

fn namespec(result: &ProcessResult) -> String {
    make_namespec(&result.group, &result.name)
}

fn error(result: &ProcessResult, why: &str) -> String {
    error_line(&namespec(result), why)
}

fn unknown(result: &ProcessResult) -> Failure {
    Failure::UnknownResult { namespec: namespec(result), code: result.status, description: result.description.clone() }
}

/// Words in as few rows as the screen allows, sorted down the columns, two blanks between these.
pub(crate) fn columns(words: &[&str]) -> Vec<String> {
    let rows = (1..words.len()).find(|rows| fits(words, *rows)).unwrap_or(words.len().max(1));
    let widths: Vec<usize> = words.chunks(rows).map(longest).collect();
    let row = |index: usize| {
        let cells = words.iter().skip(index).step_by(rows).zip(&widths);
        let cells: Vec<String> = cells.map(|(word, width)| format!("{word:<width$}")).collect();
        cells.join("  ")
    };
    match words {
        [] => Vec::new(),
        [only] => vec![(*only).to_owned()],
        _ if rows == words.len() => words.iter().map(|word| (*word).to_owned()).collect(),
        _ => (0..rows).map(row).collect(),
    }
}

/// A list of `help`: its head, the names in columns, and an empty line on both sides.
pub(crate) fn topics(header: &str, names: &[&str]) -> Vec<String> {
    let head = [String::new(), header.to_owned(), "=".repeat(header.len())];
    head.into_iter().chain(columns(names)).chain([String::new()]).collect()
}

fn fits(words: &[&str], rows: usize) -> bool {
    let widths: usize = words.chunks(rows).map(|column| longest(column) + 2).sum();
    widths - 2 < SCREEN_WIDTH
}

fn longest(column: &[&str]) -> usize {
    column.iter().map(|word| word.len()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(group: &str, name: &str, status: FaultCode) -> ProcessResult {
        ProcessResult {
            group: group.to_owned(),
            name: name.to_owned(),
            status: Known(status),
            description: "FAILED: no such luck".to_owned(),
        }
    }

    fn info(group: &str, name: &str, statename: &str, description: &str) -> ProcessInfo {
        ProcessInfo {
            group: group.to_owned(),
            name: name.to_owned(),
            state: 0,
            statename: statename.to_owned(),
            description: description.to_owned(),
            pid: 0,
            others: Vec::new(),
        }
    }

    #[test]
    fn status_columns() {
        let infos = [
            info("cat", "cat", "RUNNING", "pid 17414, uptime 0:00:06"),
            info("g1", "manual", "STOPPED", "Not started"),
            info("new", "new", "STARTING", ""),
        ];
        assert_eq!(
            status_lines(&infos),
            [
                "cat                              RUNNING   pid 17414, uptime 0:00:06",
                "g1:manual                        STOPPED   Not started",
                "new                              STARTING  ",
            ]
        );
    }

    #[test]
    fn a_long_namespec_moves_the_column_of_all() {
        let long = "x".repeat(40);
        let lines = status_lines(&[info(&long, &long, "RUNNING", "a"), info("b", "b", "RUNNING", "c")]);
        assert_eq!(lines[0], format!("{long}   RUNNING   a"));
        assert_eq!(lines[1], format!("b{}RUNNING   c", " ".repeat(42)));
    }

    #[test]
    fn width_is_counted_in_characters() {
        let long = "é".repeat(31);
        assert_eq!(status_lines(&[info(&long, &long, "RUNNING", "a")]), [format!("{long}   RUNNING   a")]);
    }

    #[test]
    fn avail_columns() {
        let info = ConfigInfo {
            group: "g1".to_owned(),
            name: "manual".to_owned(),
            in_use: true,
            autostart: false,
            group_priority: -1,
            process_priority: 999,
        };
        assert_eq!(avail_line(&info), "g1:manual                        in use    manual    -1:999");
    }

    #[test]
    fn start_words() {
        for (code, words) in [
            (FaultCode::Success, "g:x: started"),
            (FaultCode::BadName, "g:x: ERROR (no such process)"),
            (FaultCode::NoFile, "g:x: ERROR (no such file)"),
            (FaultCode::NotExecutable, "g:x: ERROR (file is not executable)"),
            (FaultCode::AlreadyStarted, "g:x: ERROR (already started)"),
            (FaultCode::SpawnError, "g:x: ERROR (spawn error)"),
            (FaultCode::AbnormalTermination, "g:x: ERROR (abnormal termination)"),
        ] {
            assert_eq!(start_line(&result("g", "x", code)).as_deref(), Ok(words));
        }
        assert!(start_line(&result("g", "x", FaultCode::Failed)).is_err());
    }

    #[test]
    fn stop_signal_and_clear_words() {
        let stop = |code| stop_line(&result("x", "x", code));
        assert_eq!(stop(FaultCode::Success).as_deref(), Ok("x: stopped"));
        assert_eq!(stop(FaultCode::NotRunning).as_deref(), Ok("x: ERROR (not running)"));
        assert_eq!(stop(FaultCode::Failed).as_deref(), Ok("FAILED: no such luck"));
        assert!(stop(FaultCode::NoFile).is_err());
        let signal = |code| signal_line(&result("x", "x", code));
        assert_eq!(signal(FaultCode::Success).as_deref(), Ok("x: signalled"));
        assert_eq!(signal(FaultCode::BadSignal).as_deref(), Ok("x: ERROR (bad signal name)"));
        let clear = |code| clear_line(&result("x", "x", code));
        assert_eq!(clear(FaultCode::Success).as_deref(), Ok("x: cleared"));
        assert_eq!(clear(FaultCode::BadName).as_deref(), Ok("x: ERROR (no such process)"));
        assert_eq!(clear(FaultCode::Failed).as_deref(), Ok("x: ERROR (failed)"));
        assert!(clear(FaultCode::NotRunning).is_err());
    }

    #[test]
    fn columns_run_downwards() {
        assert_eq!(columns(&[]), Vec::<String>::new());
        assert_eq!(columns(&["one"]), ["one"]);
        assert_eq!(columns(&["a", "bb", "c"]), ["a  bb  c"]);
        let word = "x".repeat(76);
        assert_eq!(columns(&[&word, "b", "c"]), [format!("{word}  c"), format!("b{}", " ".repeat(75))]);
    }

    #[test]
    fn words_too_long_for_the_screen_stand_alone() {
        let word = "x".repeat(90);
        assert_eq!(columns(&[&word, "b"]), [word.as_str(), "b"]);
    }
}
