//! `/metrics`: numbers for Prometheus and what reads its format (reference/web.md §13).
//!
//! Everything is told from what is published of processes, from one question to supervision, and from one round through
//! `/proc`; rendering is the control plane's. While nobody asks, nothing is counted but what happens anyway.

mod daemon;
mod exposition;
mod own_process;
mod pools;
mod processes;

use std::rc::Rc;

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use supervisor_core::ProcessInfo;
use supervisor_protocol::name_pattern::NamePattern;

use super::context::Context;
use super::error_page::{error_page, plain_text};
use super::limits;
use super::percent::decode;
use super::published_processes;
use super::response::{Response, full, try_again_later};
use crate::boundary::requests::GetEventStatistics;
use exposition::Exposition;

pub(super) use own_process::OwnProcess;

/// Answers a scrape.
pub(super) async fn scrape(query: Option<&str>, context: &Rc<Context>) -> Response {
    let wanted = match Wanted::read(query) {
        Ok(wanted) => wanted,
        Err(text) => return plain_text(StatusCode::BAD_REQUEST, text + "\n"),
    };
    match text(&wanted, context).await {
        Some(text) => document(text, context),
        // supervisord has ended or is about to.
        None => try_again_later(error_page(StatusCode::SERVICE_UNAVAILABLE)),
    }
}

async fn text(wanted: &Wanted, context: &Context) -> Option<String> {
    // A scrape in a shutdown has its use: what is told of processes is told until the end.
    let infos = published_processes::even_in_a_shutdown(context).await?;
    let statistics = context.sender.call(GetEventStatistics).await.ok()?;
    let mut out = Exposition::default();
    if wanted.processes {
        let round = context.sampler.sample(&infos, limits::SAMPLE_AGE, context).await;
        let (shown, usages) = wanted.narrow(infos.clone(), round.map(|round| round.usages));
        processes::write(&mut out, &shown, usages.as_deref());
    }
    if wanted.daemon {
        let own = context.files.run(OwnProcess::read).await.ok().flatten();
        daemon::write(&mut out, &infos, &statistics, own.as_ref(), context);
    }
    if wanted.pools {
        pools::write(&mut out, &statistics.pools);
    }
    Some(out.finish())
}

fn document(text: String, context: &Context) -> Response {
    let Some(share) = context.answers.try_take(text.len()) else {
        return try_again_later(error_page(StatusCode::SERVICE_UNAVAILABLE));
    };
    let mut response = full(StatusCode::OK, share.hold(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    processes: bool,
    pools: bool,
    daemon: bool,
    /// Of these processes alone; empty: of all.
    names: Vec<NamePattern>,
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, String> {
        let mut wanted = Self { processes: true, pools: true, daemon: true, names: vec![] };
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match &*decode(name) {
                "collect" => wanted.collect(&value)?,
                "process" => wanted.names.extend(NamePattern::list(&value)),
                other => return Err(format!("unknown parameter '{other}'; there are collect and process")),
            }
        }
        Ok(wanted)
    }

    fn collect(&mut self, list: &str) -> Result<(), String> {
        (self.processes, self.pools, self.daemon) = (false, false, false);
        for name in list.split(',') {
            match name {
                "processes" => self.processes = true,
                "pools" => self.pools = true,
                "daemon" => self.daemon = true,
                other => {
                    return Err(format!("there is no '{other}' to collect; there are processes, pools and daemon"));
                }
            }
        }
        Ok(())
    }

    /// What is of those that are asked for.
    fn narrow<I: AsRef<ProcessInfo>, U>(&self, infos: Vec<I>, usages: Option<Vec<U>>) -> (Vec<I>, Option<Vec<U>>) {
        if self.names.is_empty() {
            return (infos, usages);
        }
        let is_meant = |info: &I| {
            let ProcessInfo { group, config, .. } = info.as_ref();
            self.names.iter().any(|pattern| pattern.means(group, &config.name))
        };
        let meant: Vec<bool> = infos.iter().map(is_meant).collect();
        let usages = usages.map(|usages| kept(usages, &meant));
        (kept(infos, &meant), usages)
    }
}

fn kept<T>(all: Vec<T>, which: &[bool]) -> Vec<T> {
    all.into_iter().zip(which).filter_map(|(one, is_kept)| is_kept.then_some(one)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::test_data::process_info;

    #[test]
    fn what_is_collected_may_be_narrowed_and_what_is_not_understood_is_said() {
        let all = Wanted { processes: true, pools: true, daemon: true, names: vec![] };
        assert_eq!(Wanted::read(None).unwrap(), all);
        let pools = Wanted::read(Some("collect=pools")).unwrap();
        assert_eq!(pools, Wanted { processes: false, daemon: false, ..all });
        for query in ["collect=", "collect=pools,x", "name=x"] {
            assert!(Wanted::read(Some(query)).is_err(), "{query}");
        }
        let wanted = Wanted::read(Some("process=a&process=c*")).unwrap();
        let infos = ["a", "b", "cat"].map(|name| Arc::new(process_info(name))).to_vec();
        let (infos, numbers) = wanted.narrow(infos, Some(vec![1, 2, 3]));
        assert_eq!((infos.len(), numbers), (2, Some(vec![1, 3])));
    }
}
