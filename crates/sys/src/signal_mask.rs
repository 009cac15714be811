//! Which signals this thread lets through.
#![expect(unsafe_code, reason = "sets the signal mask of the calling thread")]

use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

/// While it lives, no signal reaches the thread that made it; then the mask is what it was.
#[derive(Debug)]
pub(crate) struct SignalsBlocked {
    before: libc::sigset_t,
    /// A mask is a thread's own.
    stays: PhantomData<*const ()>,
}

impl SignalsBlocked {
    /// Blocks every signal.
    pub(crate) fn all() -> io::Result<Self> {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigfillset(3) fills the set it is given.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: pthread_sigmask(3) reads the set filled above and writes the old one.
        let error = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        // SAFETY: pthread_sigmask(3) has succeeded, hence written it.
        let before = unsafe { before.assume_init() };
        Ok(Self { before, stays: PhantomData })
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: pthread_sigmask(3) reads a set that it had filled itself.
        let error = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
        debug_assert_eq!(error, 0, "it fails only for an unknown way of setting");
    }
}

/// Lets every signal reach the calling thread, and those that it will start, but the real-time ones: whoever started us
/// may have left some blocked. A real-time signal would end us, and has no meaning; each handler that would swallow one
/// would have to be undone in each child, while a blocked one costs nothing.
pub(crate) fn block_only_real_time() -> io::Result<()> {
    let mut blocked = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset(3) fills the set it is given.
    unsafe { libc::sigemptyset(blocked.as_mut_ptr()) };
    for signal in libc::SIGRTMIN()..=libc::SIGRTMAX() {
        // SAFETY: sigaddset(3) changes the set filled above.
        unsafe { libc::sigaddset(blocked.as_mut_ptr(), signal) };
    }
    // SAFETY: pthread_sigmask(3) reads the set filled above.
    let error = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, blocked.as_ptr(), ptr::null_mut()) };
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}
