//! A list of strings in the form that `execve(2)` wants.
#![expect(unsafe_code, reason = "pointers to owned strings may go to other threads along with the strings")]

use std::ffi::{CString, c_char};
use std::ptr;

/// Strings with an array of pointers to them that ends with a null pointer. Built once for each program, so that a
/// spawn need not walk its environment.
#[derive(Debug)]
pub struct CStrArray {
    strings: Vec<CString>,
    /// Into `strings`, whose heap blocks do not move; then null.
    pointers: Vec<*const c_char>,
}

// SAFETY: the pointers lead to heap blocks that `strings` owns and that nobody writes to; they go where it goes.
unsafe impl Send for CStrArray {}
// SAFETY: as above; shared use only reads.
unsafe impl Sync for CStrArray {}

impl CStrArray {
    /// Takes the strings in their order.
    pub fn new(strings: Vec<CString>) -> Self {
        let pointers = null_terminated(&strings);
        Self { strings, pointers }
    }

    /// The strings.
    pub fn strings(&self) -> &[CString] {
        &self.strings
    }

    /// The array, null pointer included.
    pub(crate) fn pointers(&self) -> &[*const c_char] {
        &self.pointers
    }
}

impl FromIterator<CString> for CStrArray {
    fn from_iter<I: IntoIterator<Item = CString>>(strings: I) -> Self {
        Self::new(strings.into_iter().collect())
    }
}

/// Pointers to the strings, valid as long as these are, then a null pointer.
pub(crate) fn null_terminated(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}
