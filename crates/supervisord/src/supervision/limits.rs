//! Every bound of the supervision plane, named.

use std::time::Duration;

/// Bytes read from one stream at a time; bounds the work for one child in a turn.
pub(super) const READ_BYTES: usize = 256 * 1024;

/// Bytes taken from one stream of a child that has ended. More than any pipe holds, so that nothing is lost, and
/// less than forever, should a grandchild go on writing.
pub(super) const DRAIN_BYTES: usize = 4 * 1024 * 1024;

/// A read of fewer bytes than this is small: the child writes lines, not blocks.
pub(super) const SMALL_READ: usize = 32 * 1024;

/// Small reads closer together than this make a stream hot.
pub(super) const HOT_STREAM_INTERVAL: Duration = Duration::from_micros(200);

/// Pause between two visits of the hot streams.
pub(super) const HOT_STREAM_PAUSE: Duration = Duration::from_micros(300);

/// Size of the pipe of a hot stream.
pub(super) const HOT_PIPE_BYTES: usize = 1024 * 1024;

/// Messages of the control plane handled in a turn, before children get theirs.
pub(super) const MESSAGES_PER_TURN: usize = 256;
