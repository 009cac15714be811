//! What is known of the users that programs run as: asked for where it may take its time, read by the loop.
//!
//! The user database may be a directory server that does not answer, so the supervision loop reads what was found last.
//! It is found anew with each reading of the configuration, and before each start that a client asks for: a restart has
//! the groups of now. A start that comes by itself has those of the last time.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use supervisor_core::GroupConfig;
use supervisor_sys::Credentials;

type Known = BTreeMap<u32, Result<Credentials, String>>;

/// Users by number, shared by both planes; neither waits for the other.
#[derive(Clone, Debug, Default)]
pub struct UserStore(Arc<ArcSwap<Known>>);

impl UserStore {
    /// What is known of a user. One that nobody has asked for before is asked for now.
    pub(crate) fn get(&self, uid: u32) -> Result<Credentials, String> {
        if let Some(known) = self.0.load().get(&uid) {
            return known.clone();
        }
        self.ask_for([uid]);
        self.0.load().get(&uid).cloned().unwrap_or_else(|| Err(format!("Can't find uid {uid}")))
    }

    /// Asks for the users of these groups, and for those known before. May block.
    pub(crate) fn learn(&self, groups: &[Arc<GroupConfig>]) {
        self.ask_for(groups.iter().flat_map(|group| group.processes.iter()).filter_map(|process| process.uid));
    }

    /// Asks again for the users that are known. May block.
    pub(crate) fn refresh(&self) {
        self.ask_for([]);
    }

    /// Whether there is nobody to ask for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load().is_empty()
    }

    fn ask_for(&self, uids: impl IntoIterator<Item = u32>) {
        let before = self.0.load_full();
        let mut known: Known = uids.into_iter().map(|uid| (uid, Err(String::new()))).collect();
        known.extend(before.iter().map(|(uid, found)| (*uid, found.clone())));
        for (uid, found) in &mut known {
            let now = supervisor_sys::resolve_user(*uid);
            // A database that fails for now takes nothing away.
            if now.is_ok() || found.is_err() {
                *found = now;
            }
        }
        self.0.store(Arc::new(known));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_known_once_they_were_asked_for() {
        let store = UserStore::default();
        assert!(store.is_empty());
        let nameless = Credentials { uid: 4_000_000_001, gid: 4_000_000_001, groups: vec![4_000_000_001] };
        assert_eq!(store.get(4_000_000_001), Ok(nameless));
        assert_eq!(store.get(0).map(|root| root.gid), Ok(0));
        assert!(!store.is_empty());
        store.refresh();
        assert_eq!(store.get(0).map(|root| root.gid), Ok(0));
    }
}
