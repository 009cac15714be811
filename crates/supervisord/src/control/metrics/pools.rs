//! What is told of each pool of event listeners: the numbers of `/api/v1/event-pools`.

use supervisor_core::PoolStatistics;

use super::exposition::{Exposition, Kind};

/// Writes the families.
pub(super) fn write(out: &mut Exposition, pools: &[PoolStatistics]) {
    let mut all = |name, kind, help, value: fn(&PoolStatistics) -> u64| {
        let mut family = out.family(name, kind, help);
        for pool in pools {
            family.sample(&[("pool", &pool.name)], value(pool));
        }
    };
    all("supervisord_event_pool_accepted_total", Kind::Counter, "Events that it has taken in.", |pool| pool.accepted);
    all("supervisord_event_pool_delivered_total", Kind::Counter, "Events that a listener has processed.", |pool| {
        pool.delivered
    });
    all("supervisord_event_pool_rejected_total", Kind::Counter, "How often a listener gave an event back.", |pool| {
        pool.rejected
    });
    all("supervisord_event_pool_unreadable_total", Kind::Counter, "Events that its journal lost.", |pool| {
        pool.unreadable
    });
    all("supervisord_event_pool_waiting", Kind::Gauge, "Events that wait in memory.", |pool| pool.waiting as u64);
    all("supervisord_event_pool_waiting_bytes", Kind::Gauge, "Memory that they take.", |pool| {
        pool.waiting_bytes as u64
    });
    all("supervisord_event_pool_spilled", Kind::Gauge, "Events that wait in its journal.", |pool| pool.spilled);
    all("supervisord_event_pool_spilled_bytes", Kind::Gauge, "Bytes of their payloads.", |pool| pool.spilled_bytes);
    all("supervisord_event_pool_in_progress", Kind::Gauge, "Listeners that work on an event.", |pool| {
        pool.in_progress as u64
    });
    all("supervisord_event_pool_blocked", Kind::Gauge, "1 while others wait for room in it, else 0.", |pool| {
        pool.blocked.into()
    });
    let help = "Events dropped: more of them waited than buffer_size, or they were too large together.";
    let mut family = out.family("supervisord_event_pool_dropped_total", Kind::Counter, help);
    for pool in pools {
        family.sample(&[("pool", &pool.name), ("bound", "bytes")], pool.dropped_by_bytes);
        family.sample(&[("pool", &pool.name), ("bound", "count")], pool.dropped_by_count);
    }
}
