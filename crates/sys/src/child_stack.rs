//! The stack of a child that shares our memory, between its clone and its exec.
//!
//! Below it lies a page that cannot be touched: an overflow kills the child, and only the child.
#![expect(unsafe_code, reason = "maps memory and takes an address inside it")]

use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};

use crate::limits::CHILD_STACK_BYTES;

/// A mapping of its own, used by one child at a time.
#[derive(Debug)]
pub(crate) struct ChildStack {
    base: NonNull<c_void>,
    bytes: usize,
}

impl ChildStack {
    /// Maps the stack and its guard page.
    pub(crate) fn new() -> io::Result<Self> {
        let page = page_bytes();
        let bytes = CHILD_STACK_BYTES + page;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        // SAFETY: mmap(2) without MAP_FIXED and without a file chooses free addresses; nothing else is changed.
        let base = unsafe { libc::mmap(ptr::null_mut(), bytes, access, kind, -1, 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base).expect("mmap(2) maps nothing at zero unless asked to");
        let stack = Self { base, bytes };
        // SAFETY: the page is the first of the mapping made above, which nobody uses yet (mprotect(2)).
        if unsafe { libc::mprotect(base.as_ptr(), page, libc::PROT_NONE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(stack)
    }

    /// Where a stack that grows down begins: the end of the mapping, aligned to a page.
    pub(crate) fn top(&self) -> *mut c_void {
        // SAFETY: `bytes` is the size of the mapping, so the result is one past its end.
        unsafe { self.base.as_ptr().byte_add(self.bytes) }
    }
}

impl Drop for ChildStack {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no child runs on it: the call that started one returns after its exec
        // or its end (CLONE_VFORK, clone(2)).
        let unmapped = unsafe { libc::munmap(self.base.as_ptr(), self.bytes) };
        debug_assert_eq!(unmapped, 0, "munmap(2) fails only for a range that is none");
    }
}

fn page_bytes() -> usize {
    // SAFETY: sysconf(3) only reads.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).expect("every system knows its page size")
}
