//! Two machines for a test: network namespaces with a cable between them.
//!
//! `HERE` is 192.0.2.1 and 2001:db8::1, `THERE` the same with 2; both have a loopback interface of their own, and no
//! way out. The cable is called `cable` at both ends.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::not_tested;

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct TwoMachines {
    here: String,
    there: String,
}

impl TwoMachines {
    /// `None`, and a word about it, where this machine may not have any.
    pub(crate) fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("supervisor-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let machines = Self { here: format!("{name}-here"), there: format!("{name}-there") };
        let Self { here, there } = &machines;
        if !(ip(&format!("netns add {here}")) && ip(&format!("netns add {there}"))) {
            not_tested("what other machines can reach: no network namespaces here (ip netns add, as root)");
            return None;
        }
        assert!(ip(&format!("-n {here} link add cable type veth peer name cable netns {there}")));
        for (namespace, number) in [(here, 1), (there, 2)] {
            Self::configure(namespace, &format!("addr add 192.0.2.{number}/24 dev cable"));
            Self::configure(namespace, &format!("addr add 2001:db8::{number}/64 dev cable nodad"));
            Self::configure(namespace, &format!("addr add fe80::{number}/64 dev cable nodad"));
            Self::configure(namespace, "link set cable up");
            Self::configure(namespace, "link set lo up");
        }
        Some(machines)
    }

    /// The name of the first one's namespace.
    pub(crate) fn here(&self) -> &str {
        &self.here
    }

    /// The name of the second one's namespace.
    pub(crate) fn there(&self) -> &str {
        &self.there
    }

    /// Runs `ip` in one of them.
    #[track_caller]
    pub(crate) fn configure(namespace: &str, words: &str) {
        assert!(ip(&format!("-n {namespace} {words}")), "ip {words}");
    }
}

impl Drop for TwoMachines {
    fn drop(&mut self) {
        for namespace in [&self.here, &self.there] {
            ip(&format!("netns del {namespace}"));
        }
    }
}

fn ip(words: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(words.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
