//! What the name service says of users and hosts: asked where it may take its time, read by the loop.
//!
//! It may be a directory server that does not answer, so the supervision loop reads what was found last. That is found
//! anew with each reading of the configuration, with each program that a client adds, and before each start that a
//! client asks for: a restart has the groups of now. A start that comes by itself has what was found last; where that
//! was a failure, it is asked for again beside the loop, for the next attempt.
//!
//! Invariant: `NameService::user` and `NameService::host` never wait.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use arc_swap::ArcSwap;
use supervisor_core::{GroupConfig, ProcessConfig, SocketAddress};
use supervisor_sys::{Credentials, Login, SocketError, start_thread};

type User = Result<Credentials, String>;
type Entry = Result<Login, String>;
type Host = Result<SocketAddr, SocketError>;

/// Shared by both planes; neither waits for the other.
#[derive(Clone, Debug, Default)]
pub struct NameService(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: ArcSwap<Known>,
    /// There is a thread that asks beside the loop: one at a time, and one alone if it never gets an answer.
    asking_beside: AtomicBool,
}

/// Users by number, addresses by host and port.
#[derive(Clone, Debug, Default)]
struct Known {
    users: BTreeMap<u32, User>,
    /// Of those whose programs are told of them (`login_env`).
    logins: BTreeMap<u32, Entry>,
    hosts: BTreeMap<(Box<str>, u16), Host>,
}

impl NameService {
    /// What is known of a user.
    pub(crate) fn user(&self, uid: u32) -> User {
        let found = self.0.known.load().users.get(&uid).cloned();
        let found = found.unwrap_or_else(|| {
            self.0.note(&Known { users: BTreeMap::from([(uid, Err(unknown_user(uid)))]), ..Known::default() });
            Err(unknown_user(uid))
        });
        if found.is_err() {
            self.ask_beside();
        }
        found
    }

    /// What is known of the entry of a user that was named with `login_env`.
    pub(crate) fn login(&self, uid: u32) -> Entry {
        let found = self.0.known.load().logins.get(&uid).cloned();
        let found = found.unwrap_or_else(|| {
            self.0.note(&Known { logins: BTreeMap::from([(uid, Err(unknown_user(uid)))]), ..Known::default() });
            Err(unknown_user(uid))
        });
        if found.is_err() {
            self.ask_beside();
        }
        found
    }

    /// The address that is known of a host, with that port.
    pub(crate) fn host(&self, host: &str, port: u16) -> Host {
        let key = (Box::from(host), port);
        let found = self.0.known.load().hosts.get(&key).cloned();
        let found = found.unwrap_or_else(|| {
            let unknown = unknown_host(host);
            self.0.note(&Known { hosts: BTreeMap::from([(key, unknown.clone())]), ..Known::default() });
            unknown
        });
        if found.is_err() {
            self.ask_beside();
        }
        found
    }

    /// Asks for the users and hosts of these groups, and for those known before. May block.
    pub(crate) fn learn(&self, groups: &[Arc<GroupConfig>]) {
        self.learn_processes(groups.iter().flat_map(|group| &group.processes));
    }

    /// The same for processes. May block.
    pub(crate) fn learn_processes<'a>(&self, processes: impl IntoIterator<Item = &'a Arc<ProcessConfig>>) {
        let mut named = Known::default();
        for process in processes {
            named.users.extend(process.identity.uid.map(|uid| (uid, Err(unknown_user(uid)))));
            if process.environment.login {
                named.logins.extend(process.identity.uid.map(|uid| (uid, Err(unknown_user(uid)))));
            }
            if let Some(SocketAddress::Tcp { host, port }) = process.socket.as_ref().map(|socket| &socket.address) {
                named.hosts.insert((host.clone(), *port), unknown_host(host));
            }
        }
        self.0.note(&named);
        self.0.ask();
    }

    /// Asks again for all that is known. May block.
    pub(crate) fn refresh(&self) {
        self.0.ask();
    }

    /// Asks again for all that is known, on a thread of its own, unless one does that already.
    pub(crate) fn ask_beside(&self) {
        if self.0.asking_beside.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(&self.0);
        let builder = thread::Builder::new().name("names".to_owned());
        let thread = start_thread(|| {
            builder.spawn(move || {
                shared.ask();
                shared.asking_beside.store(false, Ordering::Release);
            })
        });
        if thread.is_err() {
            // The next attempt may get one.
            self.0.asking_beside.store(false, Ordering::Release);
        }
    }

    /// Whether there is nobody and nothing to ask for.
    pub(crate) fn is_empty(&self) -> bool {
        let known = self.0.known.load();
        known.users.is_empty() && known.hosts.is_empty()
    }
}

impl Shared {
    /// From now on these are asked for; what is known of them already stays.
    fn note(&self, named: &Known) {
        self.known.rcu(|before| {
            let mut all = named.clone();
            all.users.extend(before.users.clone());
            all.logins.extend(before.logins.clone());
            all.hosts.extend(before.hosts.clone());
            all
        });
    }

    /// Users are told before hosts are asked for: the one service may answer where the other does not.
    fn ask(&self) {
        let named = self.known.load_full();
        let users: Vec<(u32, User)> =
            named.users.keys().map(|uid| (*uid, supervisor_sys::resolve_user(*uid))).collect();
        let logins: Vec<(u32, Entry)> =
            named.logins.keys().map(|uid| (*uid, supervisor_sys::resolve_login(*uid))).collect();
        self.known.rcu(|before| {
            let mut all = Known::clone(before);
            for (uid, now) in &users {
                keep_better(&mut all.users, uid, now);
            }
            for (uid, now) in &logins {
                keep_better(&mut all.logins, uid, now);
            }
            all
        });
        let address_of = |key: &(Box<str>, u16)| (key.clone(), supervisor_sys::resolve_host(&key.0, key.1));
        let hosts: Vec<((Box<str>, u16), Host)> = named.hosts.keys().map(address_of).collect();
        self.known.rcu(|before| {
            let mut all = Known::clone(before);
            for (key, now) in &hosts {
                keep_better(&mut all.hosts, key, now);
            }
            all
        });
    }
}

/// A name service that fails for now takes nothing away.
fn keep_better<K: Clone + Ord, T: Clone, E: Clone>(known: &mut BTreeMap<K, Result<T, E>>, key: &K, now: &Result<T, E>) {
    if now.is_ok() || !matches!(known.get(key), Some(Ok(_))) {
        known.insert(key.clone(), now.clone());
    }
}

fn unknown_host(host: &str) -> Host {
    Err(SocketError::UnknownHost(format!("no address for {host}")))
}

fn unknown_user(uid: u32) -> String {
    format!("Can't find uid {uid}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is answered once the thread beside has asked.
    fn answered<T, E: std::fmt::Debug>(mut ask: impl FnMut() -> Result<T, E>) -> T {
        loop {
            if let Ok(found) = ask() {
                return found;
            }
            thread::yield_now();
        }
    }

    #[test]
    fn what_nobody_has_named_is_asked_for_beside() {
        let names = NameService::default();
        assert!(names.is_empty());
        assert_eq!(names.user(4_000_000_001), Err("Can't find uid 4000000001".to_owned()), "no answer yet");
        let nameless = Credentials { uid: 4_000_000_001, gid: 4_000_000_001, groups: vec![4_000_000_001] };
        assert_eq!(answered(|| names.user(4_000_000_001)), nameless);
        assert!(!names.is_empty());
        assert!(names.host("127.0.0.1", 9000).is_err(), "no answer yet");
        assert_eq!(answered(|| names.host("127.0.0.1", 9000)).to_string(), "127.0.0.1:9000");
        names.refresh();
        assert_eq!(names.user(4_000_000_001), Ok(nameless));
    }

    #[test]
    fn a_failure_takes_nothing_away() {
        let mut known = BTreeMap::from([("known", Ok(1)), ("failed", Err("first"))]);
        keep_better(&mut known, &"known", &Err("for now"));
        keep_better(&mut known, &"failed", &Err("then"));
        keep_better(&mut known, &"new", &Err("never"));
        assert_eq!(known, BTreeMap::from([("known", Ok(1)), ("failed", Err("then")), ("new", Err("never"))]));
        keep_better(&mut known, &"known", &Ok(2));
        assert_eq!(known["known"], Ok(2));
    }
}
