//! Result handlers of pools that are plug-ins: each runs in a process of the plug-in host, and is asked for a verdict
//! (contract/platform.md §6).
//!
//! A listener whose result waits for a verdict is busy meanwhile, however long that takes: until its handler is ready,
//! which is started again as every extension is, and until it answers. Only an error of the handler itself is told to
//! the pool as one; a handler that ends meanwhile leaves the event to be sent again.

use std::rc::Rc;

use supervisor_core::{ExtensionConfig, LogLevel, Verdict};
use supervisor_protocol::xmlrpc::Value;
use tokio::task::spawn_local;

use super::Extension;
use super::events::told;
use super::link::Link;
use crate::boundary::outbox::ListenerResult;
use crate::boundary::requests::JudgeResult;
use crate::control::context::Context;

/// Has a result judged, and tells the verdict.
pub(super) fn judge(result: Box<ListenerResult>, context: &Rc<Context>) {
    let context = Rc::clone(context);
    drop(spawn_local(async move {
        let name = ExtensionConfig::process_name_of_handler(&result.pool);
        // It comes and goes with its pool. Where it cannot be found, the event is kept for who comes after.
        let extension = context.extensions.0.borrow().get(&*name).map(Rc::clone);
        let verdict = match extension {
            Some(extension) => verdict(&extension, &result, &context).await,
            None => Verdict::Rejected,
        };
        let (life, serial) = (result.life, result.event.serial);
        // Nobody waits for it during the last moments of supervisord.
        context.sender.call(JudgeResult { life, serial, verdict }).await.ok();
    }));
}

async fn verdict(extension: &Extension, result: &ListenerResult, context: &Context) -> Verdict {
    let ListenerResult { event, words, .. } = result;
    let parameters = Value::Struct(vec![
        ("event".to_owned(), told(event.serial, event.event_type, &event.payload)),
        ("response".to_owned(), Value::Base64(words.clone())),
    ]);
    let link = ready(extension).await;
    match link.ask("result", &parameters).await {
        Ok(answer) if answer.member("accepted") == Some(&Value::Bool(true)) => Verdict::Processed,
        Ok(_) | Err(None) => Verdict::Rejected,
        Err(Some(fault)) => {
            context.log(LogLevel::Warn, || {
                format!("the result_handler of {} has failed for event {}: {}", result.pool, event.serial, fault.text)
            });
            Verdict::Failed
        }
    }
}

/// A life of it that takes requests, once there is one.
async fn ready(extension: &Extension) -> Rc<Link> {
    loop {
        let changed = extension.changed.notified();
        if let Some(link) = extension.life.borrow().clone().filter(|link| link.is_ready()) {
            return link;
        }
        changed.await;
    }
}
