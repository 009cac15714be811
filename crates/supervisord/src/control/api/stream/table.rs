//! The table of all processes as it is sent to whoever begins to look: made once for all who begin within a second.
//!
//! With thousands of processes it is nearly a megabyte, and after a restart every open page asks for it.

use std::cell::RefCell;

use hyper::body::Bytes;
use tokio::time::Instant;

use crate::control::budget::Budget;
use crate::control::limits;

/// The last table that was sent.
#[derive(Debug, Default)]
pub(in crate::control) struct SharedTable(RefCell<Option<Made>>);

#[derive(Debug)]
struct Made {
    version: u64,
    /// Rows say for how long they have been so.
    at: Instant,
    data: Bytes,
}

impl SharedTable {
    /// The data of this version; `None`: there is no room for it beside the answers that others have not taken.
    pub(super) fn get(&self, version: u64, answers: &Budget, make: impl FnOnce() -> String) -> Option<Bytes> {
        let mut made = self.0.borrow_mut();
        if let Some(made) =
            made.as_ref().filter(|made| made.version == version && made.at.elapsed() < limits::SAMPLE_AGE)
        {
            return Some(made.data.clone());
        }
        let text = make();
        let data = answers.try_take(text.len())?.hold(text);
        *made = Some(Made { version, at: Instant::now(), data: data.clone() });
        Some(data)
    }

    /// Nobody looks any more.
    pub(super) fn forget(&self) {
        self.0.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_begins_within_a_second_gets_the_same() {
        let (table, answers) = (SharedTable::default(), Budget::new(1 << 20));
        let get = |version, text: &str| table.get(version, &answers, || text.to_owned()).unwrap();
        assert_eq!(get(1, "a"), "a");
        assert_eq!(get(1, "b"), "a");
        assert_eq!(get(2, "c"), "c");
        tokio::time::advance(limits::SAMPLE_AGE).await;
        assert_eq!(get(2, "d"), "d");
        table.forget();
        assert_eq!(get(2, "e"), "e");
    }
}
