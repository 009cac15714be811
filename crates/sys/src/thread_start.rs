//! Starting threads where a filter answers `clone3` with another error than ENOSYS, as the profiles of older container
//! hosts do.
//!
//! The C library starts a thread with clone3(2), and with clone(2) only where the former is unknown (ENOSYS). On such a
//! host a helper therefore asks for the thread: a task on our memory and with our thread pointer, to which `clone3` is
//! unknown by a filter of its own. The thread inherits that, and with it `no_new_privs`, without which nobody but root
//! may set a filter.
//!
//! Invariants:
//! - whoever asks waits until the helper has ended (CLONE_VFORK), so that only one of them uses the thread pointer;
//! - who asks has neither the filter nor `no_new_privs` afterwards, nor have the programs that it starts.
#![expect(unsafe_code, reason = "makes a task that asks the C library for a thread in our place")]

use std::ffi::{c_int, c_void};
use std::io;
use std::ptr;

use nix::errno::Errno;

use crate::child_stack::ChildStack;

/// Calls `start`, which starts a thread (`std::thread::Builder::spawn`) and does nothing else, where that works.
///
/// # Errors
/// Those of `start`; the system gives no thread, or neither clone3(2) nor a filter (seccomp(2)) is allowed.
pub fn start_thread<R>(start: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    if clone3_is_refused() { by_helper(start)? } else { start() }
}

/// Whether a filter refuses clone3(2) so that the C library does not look for another way.
fn clone3_is_refused() -> bool {
    // SAFETY: clone3(2) with a structure of no bytes makes nothing: it is invalid (EINVAL), or not looked at.
    let asked = unsafe { libc::syscall(libc::SYS_clone3, ptr::null::<c_void>(), 0_usize) };
    cfg!(target_env = "gnu") && asked == -1 && !matches!(Errno::last(), Errno::EINVAL | Errno::ENOSYS)
}

/// What the helper does, and what came of it.
struct Order<F, R> {
    start: Option<F>,
    started: Option<R>,
}

/// Has it done by a helper.
fn by_helper<R, F: FnOnce() -> R>(start: F) -> io::Result<R> {
    const SHARED: c_int =
        libc::CLONE_VM | libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
    let stack = ChildStack::new()?;
    let mut order = Order { start: Some(start), started: None };
    let argument = (&raw mut order).cast::<c_void>();
    // SAFETY: clone(2): the function runs on a stack of its own that nobody else uses; with CLONE_VFORK this thread,
    // and with it `order` and its thread pointer, waits until the helper has ended.
    let helper = unsafe { libc::clone(carry_out::<F, R>, stack.top(), SHARED | libc::CLONE_VFORK, argument) };
    if helper == -1 {
        return Err(io::Error::last_os_error());
    }
    order.started.ok_or_else(|| io::Error::other("whoever starts threads has ended before it did"))
}

/// The helper's life. A panic ends the process: there is nothing on this stack that could catch it.
extern "C" fn carry_out<F: FnOnce() -> R, R>(order: *mut c_void) -> c_int {
    // SAFETY: `by_helper` has made it of this type, and waits.
    let order = unsafe { &mut *order.cast::<Order<F, R>>() };
    make_clone3_unknown();
    order.started = order.start.take().map(|start| start());
    0
}

/// From now on clone3(2) fails with ENOSYS for this task and those that it starts. Of several filters' errors the
/// newest filter's counts (seccomp(2)). Where no filter is allowed everything stays as it was.
fn make_clone3_unknown() {
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    // BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K (linux/bpf_common.h); the number of a call
    // stands at 0 (struct seccomp_data), that of clone3(2) is the same for every architecture.
    let mut steps = [
        statement(0x20, 0, 0, 0),
        statement(0x15, 0, 1, CLONE3),
        statement(0x06, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs()),
        statement(0x06, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: steps.as_mut_ptr() };
    // SAFETY: prctl(2) with PR_SET_NO_NEW_PRIVS takes numbers.
    unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: prctl(2) with PR_SET_SECCOMP reads the program, which lives until after the call.
    unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
}

const CLONE3: u32 = 435;
