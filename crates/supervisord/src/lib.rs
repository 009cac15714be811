//! The daemon, as a library so that each part can be tested by itself: [`control`] answers clients on its own
//! thread, [`inbox`] is the boundary to the supervision plane, [`clock`] reads the clocks.
#![forbid(unsafe_code)]

pub mod clock;
pub mod control;
pub mod inbox;
