//! `/api/v1/event-pools`: what became of events so far, pool by pool, and what the event stream holds.

use hyper::StatusCode;
use supervisor_core::{EventStatistics, PoolStatistics, RingStatistics, limits};
use supervisor_protocol::json::{self, Object};

use super::document;
use super::problem::Problem;
use crate::boundary::requests::GetEventStatistics;
use crate::control::context::Context;
use crate::control::response::Response;

pub(super) async fn tell(context: &Context) -> Result<Response, Problem> {
    let statistics = context.sender.call(GetEventStatistics).await.map_err(|_| Problem::ending())?;
    Ok(document(StatusCode::OK, text(&statistics, context.event_followers())))
}

fn text(statistics: &EventStatistics, followers: usize) -> String {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.objects("pools", &statistics.pools, push_pool);
        object.object("stream", |object| push_stream(object, &statistics.ring, followers));
    });
    text
}

/// Every member, by name, so that a new one is not forgotten here.
fn push_pool(object: &mut Object<'_>, pool: &PoolStatistics) {
    let PoolStatistics {
        name,
        overflow,
        accepted,
        delivered,
        rejected,
        dropped_by_count,
        dropped_by_bytes,
        unreadable,
        waiting,
        waiting_bytes,
        spilled,
        spilled_bytes,
        in_progress,
        unknown,
        blocked,
    } = pool;
    object.string("name", name);
    object.string("overflow", overflow.name());
    object.number("accepted", accepted);
    object.number("delivered", delivered);
    object.number("rejected", rejected);
    object.number("dropped_by_count", dropped_by_count);
    object.number("dropped_by_bytes", dropped_by_bytes);
    object.number("unreadable", unreadable);
    object.number("waiting", waiting);
    object.number("waiting_bytes", waiting_bytes);
    object.number("spilled", spilled);
    object.number("spilled_bytes", spilled_bytes);
    object.number("in_progress", in_progress);
    object.number("unknown", unknown);
    object.boolean("blocked", *blocked);
}

fn push_stream(object: &mut Object<'_>, ring: &RingStatistics, followers: usize) {
    let RingStatistics { first, oldest, newest, bytes } = ring;
    object.number("first", first);
    object.number("oldest", oldest);
    object.number("newest", newest);
    object.number("events", newest + 1 - oldest);
    object.number("bytes", bytes);
    object.number("max_events", limits::EVENT_RING_EVENTS);
    object.number("max_bytes", limits::EVENT_RING_BYTES);
    object.number("followers", followers);
}

#[cfg(test)]
mod tests {
    use supervisor_core::Overflow;

    use super::*;

    #[test]
    fn every_number_is_told() {
        let pool = PoolStatistics {
            name: "watch".into(),
            overflow: Overflow::Block,
            accepted: 1,
            delivered: 2,
            rejected: 3,
            dropped_by_count: 4,
            dropped_by_bytes: 5,
            unreadable: 9,
            waiting: 6,
            waiting_bytes: 7,
            spilled: 10,
            spilled_bytes: 11,
            in_progress: 8,
            unknown: 12,
            blocked: true,
        };
        let ring = RingStatistics { first: 10, oldest: 12, newest: 20, bytes: 900 };
        let expected = concat!(
            r#"{"pools": [{"name": "watch", "overflow": "block", "accepted": 1, "delivered": 2, "rejected": 3, "dropped_by_count": 4, "#,
            r#""dropped_by_bytes": 5, "unreadable": 9, "waiting": 6, "waiting_bytes": 7, "spilled": 10, "spilled_bytes": 11, "in_progress": 8, "unknown": 12, "blocked": true}], "#,
            r#""stream": {"first": 10, "oldest": 12, "newest": 20, "events": 9, "bytes": 900, "#,
            r#""max_events": 4096, "max_bytes": 4194304, "followers": 3}}"#
        );
        assert_eq!(text(&EventStatistics { pools: vec![pool], ring }, 3), expected);
    }
}
