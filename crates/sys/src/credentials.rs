//! Users: looking them up, and becoming one for good (contract/processes.md §9.3).
//!
//! Not for children, whose part is in `raw_credentials`.

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, getegid, getgrouplist, getgroups, getuid, setgid, setgroups, setuid};
use std::ffi::CString;
use std::path::PathBuf;

use crate::errno::errno_name;

/// A user with all the groups that the name service knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary group ids, the primary one first.
    pub groups: Vec<u32>,
}

/// What the user database says of a user besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Its home.
    pub home: PathBuf,
    /// Its shell.
    pub shell: PathBuf,
}

/// What dropping privileges has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivilegeChange {
    /// We were that user already, and nothing was changed.
    AlreadyThatUser,
    /// We are that user now, and cannot go back.
    Dropped,
}

/// What becoming a user takes.
pub(crate) enum Privilege {
    /// We are that user.
    Already,
    /// We are root.
    Root,
    /// We may not; the reason is the contract's.
    Lacking(&'static str),
}

/// Looks a user up by number, with its groups. A number without an entry is a user all the same, in the group of that
/// number alone. Asks the name service and so may wait for a directory server: for the time a configuration is read,
/// not for each spawn. The error is the contract's reason.
pub fn resolve_user(uid: u32) -> Result<Credentials, String> {
    let user = match User::from_uid(Uid::from_raw(uid)) {
        // The latter is what a system without such a database says (getpwnam(3), «ERRORS»).
        Ok(None) | Err(Errno::ENOENT | Errno::ESRCH | Errno::EBADF | Errno::EPERM) => {
            return Ok(Credentials { uid, gid: uid, groups: vec![uid] });
        }
        Ok(Some(user)) => user,
        // Whoever cannot be found for now may have groups that would be missing.
        Err(_) => return Err(format!("Can't find uid {uid}")),
    };
    let gid = user.gid;
    let name = CString::new(user.name).map_err(|_| format!("Can't find uid {uid}"))?;
    let groups = getgrouplist(&name, gid).map_err(|_| "Could not set groups of effective user".to_owned())?;
    let others = groups.into_iter().filter(|group| *group != gid);
    let groups = [gid].into_iter().chain(others).map(Gid::as_raw).collect();
    Ok(Credentials { uid, gid: gid.as_raw(), groups })
}

/// Looks the entry of a user up, as [`resolve_user`] does and with the same waits. The error is a reason in our words.
pub fn resolve_login(uid: u32) -> Result<Login, String> {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(User { name, dir, shell, .. })) => Ok(Login { name, home: dir, shell }),
        Ok(None) => Err(format!("user id {uid} has no entry in the user database")),
        Err(error) => Err(format!("the user database does not tell of user id {uid}: {}", errno_name(error as i32))),
    }
}

/// Whether [`drop_privileges`] would find us allowed. The error is the contract's reason.
pub fn may_become(credentials: &Credentials) -> Result<(), String> {
    match credentials.privilege_to_assume() {
        Privilege::Already | Privilege::Root => Ok(()),
        Privilege::Lacking(reason) => Err(reason.to_owned()),
    }
}

/// Makes the whole daemon that user. To be called before there is a second thread. Nothing is left of root after it,
/// which is tried. The error is the contract's reason.
pub fn drop_privileges(credentials: &Credentials) -> Result<PrivilegeChange, String> {
    match credentials.privilege_to_assume() {
        Privilege::Already => return Ok(PrivilegeChange::AlreadyThatUser),
        Privilege::Lacking(reason) => return Err(reason.to_owned()),
        Privilege::Root => {}
    }
    let groups: Vec<Gid> = credentials.groups.iter().copied().map(Gid::from_raw).collect();
    let failed = |reason: &'static str| move |_: Errno| reason.to_owned();
    setgroups(&groups).map_err(failed("Could not set groups of effective user"))?;
    setgid(Gid::from_raw(credentials.gid)).map_err(failed("Could not set group id of effective user"))?;
    setuid(Uid::from_raw(credentials.uid)).map_err(failed("Could not set user id of effective user"))?;
    if credentials.uid != 0 && setuid(Uid::from_raw(0)).is_ok() {
        return Err("Could not give up the user id of root".to_owned());
    }
    Ok(PrivilegeChange::Dropped)
}

impl Credentials {
    /// Who we are.
    pub fn own() -> Self {
        let gid = getegid();
        let others = getgroups().unwrap_or_default().into_iter().filter(|group| *group != gid);
        let groups = [gid].into_iter().chain(others).map(Gid::as_raw).collect();
        Self { uid: getuid().as_raw(), gid: gid.as_raw(), groups }
    }

    /// Whether we are that user, or may become it.
    pub(crate) fn privilege_to_assume(&self) -> Privilege {
        let current = getuid();
        if current.as_raw() == self.uid {
            Privilege::Already
        } else if current.is_root() {
            Privilege::Root
        } else {
            Privilege::Lacking("Can't drop privilege as nonroot user")
        }
    }
}
