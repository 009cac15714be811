//! Users and groups by name or id.
//!
//! Each is looked up once: a name service may be far away, and thousands of programs often have one user.
//!
//! A number needs no entry, as the kernel knows of none: images without /etc/passwd and platforms that give out ids at
//! random run programs too. The group of such a user is the one of the same number. Upstream refuses them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use nix::errno::Errno;
use nix::unistd::{Group, Uid, User};
use supervisor_core::SocketOwner;

use super::Checked;
use crate::python_number::parse_decimal;

/// A group as an option names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedGroup {
    /// Its id.
    Id(u32),
    /// No group has this name.
    Missing(Box<str>),
}

/// The user and group databases of the system, with a memory.
#[derive(Debug, Default)]
pub(crate) struct UserDatabase {
    users: RefCell<HashMap<String, Checked<u32>>>,
    groups: RefCell<HashMap<String, Checked<u32>>>,
    /// Users by number that have no entry; to be told.
    nameless: RefCell<BTreeSet<u32>>,
}

impl UserDatabase {
    /// The id of a user given by name or by id.
    pub(crate) fn uid(&self, text: &str) -> Checked<u32> {
        if let Some(known) = self.users.borrow().get(text) {
            return known.clone();
        }
        let found = match parse_decimal(text) {
            Some(number) => self.uid_of(number).ok_or_else(|| format!("Invalid user id {text}")),
            None => match User::from_name(text) {
                Ok(Some(user)) => Ok(user.uid.as_raw()),
                Ok(None) | Err(_) => Err(format!("Invalid user name {text}")),
            },
        };
        self.users.borrow_mut().insert(text.to_owned(), found.clone());
        found
    }

    /// The id of a group given by name or by id.
    fn gid(&self, text: &str) -> Checked<u32> {
        if let Some(known) = self.groups.borrow().get(text) {
            return known.clone();
        }
        let found = match parse_decimal(text) {
            Some(number) => id(number).ok_or_else(|| format!("Invalid group id {text}")),
            None => match Group::from_name(text) {
                Ok(Some(group)) => Ok(group.gid.as_raw()),
                Ok(None) | Err(_) => Err(format!("Invalid group name {text}")),
            },
        };
        self.groups.borrow_mut().insert(text.to_owned(), found.clone());
        found
    }

    /// The id of a group for an option of ours, which says what it has to be.
    pub(crate) fn group(&self, text: &str) -> Checked<u32> {
        self.gid(text).map_err(|_| format!("the name or id of a group, and there is no group {text}"))
    }

    /// The same where a name that nobody has is no error.
    pub(crate) fn named_group(&self, text: &str) -> Checked<NamedGroup> {
        match self.group(text) {
            Ok(gid) => Ok(NamedGroup::Id(gid)),
            Err(_) if parse_decimal(text).is_none() => Ok(NamedGroup::Missing(text.into())),
            Err(error) => Err(error),
        }
    }

    /// The id of a user's own group; `None` where the database cannot be asked.
    pub(crate) fn primary_gid(uid: u32) -> Option<u32> {
        Some(entry(uid).ok()?.map_or(uid, |user| user.gid.as_raw()))
    }

    /// What there is to say of users that were asked for, of each once.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        let tell = |uid| {
            format!("user id {uid} has no entry in the user database: its group id is {uid} and it has no other groups")
        };
        self.nameless.take().into_iter().map(tell).collect()
    }

    fn uid_of(&self, number: i64) -> Option<u32> {
        let uid = id(number)?;
        if entry(uid).ok()?.is_none() {
            self.nameless.borrow_mut().insert(uid);
        }
        Some(uid)
    }

    /// `user` or `user:group`.
    pub(crate) fn owner(&self, text: &str) -> Checked<SocketOwner> {
        let owner = match text.split_once(':') {
            None => self.uid(text).map(|uid| SocketOwner { uid, gid: None }),
            Some((user, group)) => self.uid(user).and_then(|uid| Ok(SocketOwner { uid, gid: Some(self.gid(group)?) })),
        };
        owner.map_err(|_| format!("Invalid user:group definition {text}"))
    }
}

/// The entry of a user; an error when nobody can tell whether there is one.
fn entry(uid: u32) -> Result<Option<User>, Errno> {
    match User::from_uid(Uid::from_raw(uid)) {
        // What a system without such a database says (getpwnam(3), «ERRORS»).
        Err(Errno::ENOENT | Errno::ESRCH | Errno::EBADF | Errno::EPERM) => Ok(None),
        found => found,
    }
}

/// A number as an id; the largest means «none» to the kernel and belongs to nobody.
fn id(number: i64) -> Option<u32> {
    u32::try_from(number).ok().filter(|id| *id != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_by_name_and_by_id() {
        let database = UserDatabase::default();
        for text in ["root", "0", " 0 "] {
            assert_eq!(database.uid(text), Ok(0));
            assert_eq!(database.uid(text), Ok(0), "from memory");
        }
        for text in ["nosuchuser", "", "a\0b"] {
            assert_eq!(database.uid(text), Err(format!("Invalid user name {text}")));
        }
        for text in ["-1", "4294967295", "99999999999"] {
            assert_eq!(database.uid(text), Err(format!("Invalid user id {text}")));
        }
        assert_eq!(UserDatabase::primary_gid(0), Some(0));
        assert_eq!(database.take_warnings(), Vec::<String>::new());
    }

    #[test]
    fn a_number_needs_no_entry_and_is_told_once() {
        let database = UserDatabase::default();
        for text in ["4000000001", " 4000000001 ", "4000000001"] {
            assert_eq!(database.uid(text), Ok(4_000_000_001));
        }
        let owner = SocketOwner { uid: 4_000_000_002, gid: Some(4_000_000_003) };
        assert_eq!(database.owner("4000000002:4000000003"), Ok(owner));
        assert_eq!(UserDatabase::primary_gid(4_000_000_001), Some(4_000_000_001));
        let told = |uid| {
            format!("user id {uid} has no entry in the user database: its group id is {uid} and it has no other groups")
        };
        assert_eq!(database.take_warnings(), [told("4000000001"), told("4000000002")]);
        assert_eq!(database.take_warnings(), Vec::<String>::new());
    }

    #[test]
    fn owners() {
        let database = UserDatabase::default();
        assert_eq!(database.owner("root"), Ok(SocketOwner { uid: 0, gid: None }));
        assert_eq!(database.owner("0:root"), Ok(SocketOwner { uid: 0, gid: Some(0) }));
        for text in ["root:", "root:nosuchgroup", "nosuchuser:root", "root:0:0", ""] {
            assert_eq!(database.owner(text), Err(format!("Invalid user:group definition {text}")));
        }
    }
}
