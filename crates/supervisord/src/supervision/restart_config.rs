//! Reads the configuration for a restart on a thread of its own, so that a slow disk delays nobody, and hands it to
//! the loop when it is there (contract/quirks.md D6).

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use supervisor_config::Config;
use supervisor_sys::start_thread;

use crate::boundary::inbox::Wake;
use crate::defect_log;

/// A way to read the configuration; may take its time. The error is what the user is told.
pub type ReadConfig = Arc<dyn Fn() -> Result<Config, String> + Send + Sync>;

/// The reader, idle most of its life.
pub struct RestartConfigReader {
    read: ReadConfig,
    wake: Wake,
    sender: Sender<Result<Config, String>>,
    receiver: Receiver<Result<Config, String>>,
}

impl RestartConfigReader {
    /// A reader that wakes the loop when it has something.
    pub fn new(read: ReadConfig, wake: Wake) -> Self {
        let (sender, receiver) = channel();
        Self { read, wake, sender, receiver }
    }

    /// Begins to read.
    pub fn start(&self) {
        let (read, wake, sender) = (Arc::clone(&self.read), Arc::clone(&self.wake), self.sender.clone());
        let reader = move || {
            // Whoever asked for the restart waits for it: a defect is told and not lost with the thread.
            let read = panic::catch_unwind(AssertUnwindSafe(|| read()));
            // A loop that has ended meanwhile does not want it any more.
            sender.send(read.unwrap_or_else(|_| Err(defect_log::TOLD.to_owned()))).ok();
            wake();
        };
        let builder = thread::Builder::new().name("restart-config".to_owned());
        if let Err(error) = start_thread(|| builder.spawn(reader)) {
            self.sender.send(Err(format!("no thread to read the configuration with: {error}"))).ok();
            (self.wake)();
        }
    }

    /// What was read, if anything was since the last time.
    pub fn take(&self) -> Option<Result<Config, String>> {
        self.receiver.try_recv().ok()
    }
}

impl fmt::Debug for RestartConfigReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestartConfigReader").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_of_the_reader_is_an_error_that_wakes_the_loop() {
        let (woken, wakes) = channel();
        let wake: Wake = Arc::new(move || woken.send(()).unwrap());
        let reader = RestartConfigReader::new(Arc::new(|| panic!("on purpose")), wake);
        reader.start();
        wakes.recv().unwrap();
        assert_eq!(reader.take().unwrap().unwrap_err(), defect_log::TOLD);
    }
}
