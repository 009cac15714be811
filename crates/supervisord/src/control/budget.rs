//! Memory that clients decide the size of: requests that are being carried out, answers that wait to be taken.
//!
//! Each is bounded, and here is their sum: whoever needs more than is left is refused, and one that is larger than all
//! there is goes alone. What is small is not counted; connections bound it.

use std::sync::Arc;

use hyper::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits;

/// An amount of memory.
pub(super) struct Budget {
    free: Arc<Semaphore>,
    kibibytes: u32,
}

/// A part of it, given back when it is dropped.
#[derive(Default)]
pub(super) struct Share(Option<OwnedSemaphorePermit>);

impl Budget {
    /// So many bytes, none of them taken.
    pub(super) fn new(bytes: usize) -> Self {
        let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        Self { free: Arc::new(Semaphore::new(kibibytes as usize)), kibibytes }
    }

    /// Room for so many bytes; `None` when there is none now.
    pub(super) fn try_take(&self, bytes: usize) -> Option<Share> {
        let mut share = Share::default();
        self.try_grow(&mut share, bytes).then_some(share)
    }

    /// Room for so many bytes, once there is.
    pub(super) async fn take(&self, bytes: usize) -> Share {
        let wanted = self.cost(bytes);
        if wanted == 0 {
            return Share::default();
        }
        // Nobody closes it.
        Share(Arc::clone(&self.free).acquire_many_owned(wanted).await.ok())
    }

    /// Makes a share one of so many bytes; false when there is no room for that now.
    pub(super) fn try_grow(&self, share: &mut Share, bytes: usize) -> bool {
        let has = share.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = self.cost(bytes).saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        if missing == 0 {
            return true;
        }
        let Ok(more) = Arc::clone(&self.free).try_acquire_many_owned(missing) else { return false };
        match &mut share.0 {
            Some(permit) => permit.merge(more),
            none @ None => *none = Some(more),
        }
        true
    }

    fn cost(&self, bytes: usize) -> u32 {
        if bytes <= limits::UNCOUNTED_BYTES {
            return 0;
        }
        u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).min(self.kibibytes)
    }
}

impl Share {
    /// A text that keeps its share until it is sent.
    pub(super) fn hold(self, text: String) -> Bytes {
        struct Held(String, #[expect(dead_code, reason = "it is there to be dropped")] Share);
        impl AsRef<[u8]> for Held {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
        if self.0.is_none() { Bytes::from(text) } else { Bytes::from_owner(Held(text, self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: usize = 2 * limits::UNCOUNTED_BYTES;

    #[test]
    fn the_sum_is_bounded_and_what_is_small_is_free() {
        let budget = Budget::new(3 * SOME);
        let shares: Vec<_> = std::iter::from_fn(|| budget.try_take(SOME)).collect();
        assert_eq!(shares.len(), 3);
        assert!(budget.try_take(limits::UNCOUNTED_BYTES).is_some() && budget.try_take(SOME).is_none());
        drop(shares);
        let mut growing = budget.try_take(SOME).unwrap();
        assert!(budget.try_grow(&mut growing, 2 * SOME) && budget.try_take(2 * SOME).is_none());
        let other = budget.try_take(SOME).unwrap();
        assert!(!budget.try_grow(&mut growing, 3 * SOME));
        drop(other);
        assert!(budget.try_grow(&mut growing, 100 * SOME), "alone");
    }

    #[test]
    fn a_text_gives_its_share_back_when_its_last_part_is_gone() {
        let budget = Budget::new(SOME);
        let bytes = budget.try_take(SOME).unwrap().hold("x".repeat(SOME));
        let part = bytes.slice(1..2);
        drop(bytes);
        assert!(budget.try_take(SOME).is_none());
        drop(part);
        assert!(budget.try_take(SOME).is_some());
    }
}
