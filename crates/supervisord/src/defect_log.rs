//! A defect of ours is told in the main log with its place in the source, whichever thread it stops: the standard error
//! of a daemon leads nowhere. Not told there: what ends the process without a panic, such as SIGKILL or a full stack.
//!
//! Writes by a handle of its own, since whoever holds the other one may be what has failed.

use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, Once, PoisonError};

use supervisor_core::{Fault, FaultCode, LogLevel};

use crate::supervision::main_log::{MainLog, MainLogSettings, MainLogTarget};

/// Where to; the latest counts.
static MAIN_LOG: Mutex<Option<MainLogSettings>> = Mutex::new(None);

/// What a client is told whose request has met a defect; the log says where.
pub(crate) const TOLD: &str = "a defect of supervisord";

/// The fault that answers such a request.
pub(crate) fn fault() -> Fault {
    Fault::new(FaultCode::Failed, TOLD)
}

/// From now on defects are told in this log, and on standard error as ever.
pub(crate) fn tell_in(settings: &MainLogSettings) {
    static INSTALLED: Once = Once::new();
    let mut settings = MainLogSettings { to_stdout: false, ..settings.clone() };
    if let MainLogTarget::File(file) = &mut settings.target {
        // One line more is no reason to move the file away from under the other handle.
        file.rotation.maxbytes = 0;
    }
    *MAIN_LOG.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings);
    INSTALLED.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |defect| {
            usual(defect);
            tell(defect);
        }));
    });
}

fn tell(defect: &PanicHookInfo<'_>) {
    // Nothing waits here, not even for a thread that has the same to tell.
    let Some(settings) = MAIN_LOG.try_lock().ok().and_then(|settings| settings.clone()) else { return };
    let Ok(mut log) = MainLog::open(settings) else { return };
    let words = defect.payload_as_str().unwrap_or("no text");
    let thread = std::thread::current();
    let (name, place) = (thread.name().unwrap_or("without a name"), defect.location());
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    log.log(LogLevel::Critical, format_args!("a defect of supervisord at {place}, thread {name}: {words}"));
    log.flush();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervision::log_file::{LogFileSettings, Rotation};

    #[test]
    fn a_defect_of_any_thread_is_told_with_its_place() {
        let folder = std::env::temp_dir().join(format!("supervisor-defects-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("main.log");
        let rotation = Rotation { maxbytes: 10, backups: 1 };
        let target = MainLogTarget::File(LogFileSettings { path: path.clone(), rotation });
        tell_in(&MainLogSettings { level: LogLevel::Info, target, to_stdout: true });
        let thread = std::thread::Builder::new().name("control".to_owned());
        thread.spawn(|| panic!("seven is {}", 8)).unwrap().join().unwrap_err();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(" CRIT a defect of supervisord at "), "{text}");
        assert!(text.contains("defect_log.rs:") && text.contains(", thread control: seven is 8\n"), "{text}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
