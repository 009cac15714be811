//! `POST /RPC2`: from the bytes of a call to the bytes of its answer (contract/rpc.md §2).
//!
//! A call is looked up in the table of methods, checked and turned into a request; the answer is written straight
//! into one text. HTTP 500 is a defect; whatever a client can do wrong is 400 or a fault.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::rc::Rc;
use supervisor_core::raw_text;

use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode};
use supervisor_core::{Channel, Command, Fault, FaultCode, LogLevel, ReloadDiff, SupervisorState};
use supervisor_protocol::method::{LocalRequest, Namespace, Request as MethodRequest};
use supervisor_protocol::xmlrpc::{Call, ReadError, Value, Writer, read_call, write_fault};
use supervisor_protocol::{API_VERSION, SUPERVISOR_VERSION};

use super::budget::Share;
use super::context::Context;
use super::error_page::{closing_error_page, error_page};
use super::extensions::Extension;
use super::log_answer::LogRequest;
use super::process_details::history_value;
use super::reply::{write_answer, write_diff};
use super::response::{Response, full};
use super::rpc_fault::RpcFault;
use super::workers::Workers;
use super::{limits, namespaces, published_processes, request_body, system_namespace};
use crate::boundary::requests::{GetLogFile, GetProcessDetails, MethodAnswer, ReloadConfig};
use crate::clock;

/// Room for the answers that are asked for most; longer ones grow.
const ANSWER_CAPACITY: usize = 2_048;

/// Answers a `POST`.
pub(super) async fn handle(request: Request<Incoming>, context: &Rc<Context>) -> Response {
    let (body, _share) = match request_body::receive(request, context).await {
        Ok(received) => received,
        Err(status) => return closing_error_page(status),
    };
    let Ok(document) = std::str::from_utf8(&body) else {
        log_invalid(context, &String::from_utf8_lossy(&body), "unmarshallable");
        return error_page(StatusCode::BAD_REQUEST);
    };
    match read_call(document) {
        Ok(call) => {
            drop(body);
            answer(call, context).await
        }
        Err(ReadError::Unreadable(_)) => {
            log_invalid(context, document, "unmarshallable");
            error_page(StatusCode::BAD_REQUEST)
        }
        Err(ReadError::NoMethodName) => {
            log_invalid(context, document, "no method name");
            error_page(StatusCode::BAD_REQUEST)
        }
    }
}

/// What a call has come to.
enum Outcome {
    /// One value is written, which takes a share of the memory for answers.
    Written(Share),
    /// It is sent piece by piece.
    Sent(Response),
}

/// The answer to a call.
async fn answer(call: Call, context: &Rc<Context>) -> Response {
    let Call { method, params } = call;
    context.log(LogLevel::Trace, || format!("XML-RPC method called: {method}()"));
    let mut writer = Writer::response(ANSWER_CAPACITY);
    match perform(&method, params, context, &mut writer).await {
        Ok(outcome) => {
            context.log(LogLevel::Trace, || format!("XML-RPC method {method}() returned successfully"));
            match outcome {
                Outcome::Written(share) => xml(share.hold(writer.finish_response())),
                Outcome::Sent(response) => response,
            }
        }
        Err(fault) => {
            let RpcFault { code, text } = fault;
            context.log(LogLevel::Trace, || format!("XML-RPC method {method}() returned fault: [{code}] {text}"));
            let document = write_fault(code, &text);
            let share = context.answers.try_take(document.len());
            share.map_or_else(
                || xml(write_fault(FaultCode::Failed.number(), &too_much().text)),
                |share| xml(share.hold(document)),
            )
        }
    }
}

async fn perform(
    method: &str,
    params: Vec<Value>,
    context: &Rc<Context>,
    writer: &mut Writer,
) -> Result<Outcome, RpcFault> {
    if let Some((extension, name)) = extension_of(method, context) {
        writer.value(&extension.call(name, params, context).await?);
        return share_of(writer, context).map(Outcome::Written);
    }
    let (namespace, request) = match checked(method, params, context)? {
        (_, MethodRequest::Local(LocalRequest::Multicall { calls })) => {
            return Ok(Outcome::Written(system_namespace::multicall(calls, context, writer).await?));
        }
        (_, MethodRequest::Local(local)) if LogRequest::is(&local) => {
            let answer = LogRequest::of(local)?.find(context).await?;
            if !answer.is_short() {
                return Ok(Outcome::Sent(answer.send(context).await?));
            }
            answer.write(context, writer).await?;
            return share_of(writer, context).map(Outcome::Written);
        }
        other => other,
    };
    perform_single(namespace, request, context, writer).await?;
    share_of(writer, context).map(Outcome::Written)
}

/// Carries out any request, and writes exactly one value if it succeeds: for an extension, which gets its answer in one
/// piece.
pub(super) async fn perform_whole(
    method: &str,
    params: Vec<Value>,
    context: &Rc<Context>,
    writer: &mut Writer,
) -> Result<(), RpcFault> {
    if let Some((extension, name)) = extension_of(method, context) {
        writer.value(&extension.call(name, params, context).await?);
        return Ok(());
    }
    match checked(method, params, context)? {
        (_, MethodRequest::Local(LocalRequest::Multicall { calls })) => {
            system_namespace::multicall(calls, context, writer).await.map(drop)
        }
        (namespace, single) => perform_single(namespace, single, context, writer).await,
    }
}

/// The extension that a method belongs to, and its name there. What is built in comes first.
pub(super) fn extension_of<'m>(method: &'m str, context: &Context) -> Option<(Rc<Extension>, &'m str)> {
    if context.namespaces.of_method(method).is_some() { None } else { context.extensions.find(method) }
}

fn share_of(writer: &Writer, context: &Context) -> Result<Share, RpcFault> {
    context.answers.try_take(writer.len()).ok_or_else(too_much)
}

/// The fault where the memory for answers is used up.
pub(super) fn too_much() -> RpcFault {
    RpcFault::new(FaultCode::Failed, "answers that were not taken yet leave no memory for this one, try again")
}

/// What a call asks for, if it may ask now, and of which namespace; `None`: of `system`.
pub(super) fn checked<'c>(
    name: &str,
    params: Vec<Value>,
    context: &'c Context,
) -> Result<(Option<&'c Namespace>, MethodRequest), RpcFault> {
    let method = context.namespaces.find(name)?;
    method.check_arity(params.len())?;
    if !method.in_shutdown && context.notices.state() != SupervisorState::Running {
        return Err(RpcFault::bare(FaultCode::ShutdownState));
    }
    let namespace = context.namespaces.of_method(name);
    if let Some(namespace) = namespace {
        namespaces::admit(namespace, method.bare_name())?;
    }
    Ok((namespace, method.request(params)?))
}

/// Carries out any request but a multicall, and writes exactly one value if it succeeds.
pub(super) async fn perform_single(
    namespace: Option<&Namespace>,
    request: MethodRequest,
    context: &Rc<Context>,
    writer: &mut Writer,
) -> Result<(), RpcFault> {
    let local = match request {
        MethodRequest::Command(command) => {
            write_answer(writer, &answer_to(command, context).await?);
            return Ok(());
        }
        MethodRequest::Local(local) => local,
    };
    match local {
        LocalRequest::ApiVersion => writer.string(API_VERSION),
        LocalRequest::SupervisorVersion => writer.string(SUPERVISOR_VERSION),
        LocalRequest::Identification => writer.string(&context.identifier()),
        LocalRequest::State => write_state(writer, context.notices.state()),
        LocalRequest::Pid => writer.int(i64::from(context.pid)),
        LocalRequest::ReadMainLog { .. }
        | LocalRequest::ReadProcessLog { .. }
        | LocalRequest::TailProcessLog { .. } => {
            let answer = LogRequest::of(local)?.find(context).await?;
            let most = (limits::MULTICALL_BYTES as u64).saturating_sub(writer.len() as u64);
            if !answer.is_short() && !answer.fits(most, context).await? {
                return Err(RpcFault::new(FaultCode::Failed, "the log is too long to be one of several answers"));
            }
            answer.write(context, writer).await?;
        }
        LocalRequest::History { name } => {
            let details = context.sender.call(GetProcessDetails { name }).await?;
            writer.value(&history_value(&details.history));
        }
        LocalRequest::ListOwnMethods => system_namespace::list_own_methods(writer),
        LocalRequest::ReloadConfig => write_diff(writer, &reload_config(context).await?),
        LocalRequest::ListMethods => system_namespace::list_methods(context, writer).await,
        LocalRequest::MethodHelp { name } => system_namespace::method_help(context, &name, writer).await?,
        LocalRequest::MethodSignature { name } => system_namespace::method_signature(context, &name, writer).await?,
        LocalRequest::Cache(request) => {
            let name = namespace.map_or("", |namespace| &*namespace.name);
            context.caches.borrow_mut().perform(name, request, writer)?;
        }
        LocalRequest::Twiddler(request) => namespaces::perform_twiddler(request, context, writer).await?,
        LocalRequest::Multicall { .. } => return Err(system_namespace::recursive_multicall()),
    }
    Ok(())
}

/// Has a command answered, where it can be without the supervision plane.
pub(super) async fn answer_to(command: Command, context: &Context) -> Result<MethodAnswer, Fault> {
    if let Some(answer) = published_processes::answer(&command, context) {
        return answer;
    }
    if is_start(&command) {
        refresh_names(context).await;
    }
    context.sender.call(command).await
}

fn write_state(writer: &mut Writer, state: SupervisorState) {
    writer.begin_struct();
    writer.int_member("statecode", i64::from(state.code()));
    writer.string_member("statename", state.name());
    writer.end_struct();
}

/// The log file of a process; `None`: it has none.
pub(super) async fn log_file(name: String, channel: Channel, context: &Context) -> Result<Option<PathBuf>, Fault> {
    let path = context.sender.call(GetLogFile { name, channel }).await?;
    Ok(path.map(|path| PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(&path)))))
}

/// Has work done that may block; what could not be done is FAILED.
pub(super) async fn done_by<T: Send + 'static>(
    workers: &Workers,
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    workers.run(work).await.unwrap_or_else(|why| Err(Fault::new(FaultCode::Failed, why.to_string())))
}

/// Whether a client asks for programs to be started, or for their sockets to be opened.
fn is_start(command: &Command) -> bool {
    matches!(
        command,
        Command::StartProcess { .. }
            | Command::StartProcessGroup { .. }
            | Command::StartAllProcesses { .. }
            | Command::AddProcessGroup { .. }
    )
}

/// Asks for the users of programs, whose groups may have changed, and for the hosts of their sockets. A name service
/// that does not answer in time costs the start that time, and it goes on with what was known.
pub(super) async fn refresh_names(context: &Context) {
    let names = context.config_reader.names.clone();
    if !names.is_empty() {
        let asked = done_by(&context.names, move || {
            names.refresh();
            Ok(())
        });
        drop(tokio::time::timeout(limits::NAMES_PATIENCE, asked).await);
    }
}

/// Reads the configuration and makes it the pending one.
pub(super) async fn reload_config(context: &Rc<Context>) -> Result<ReloadDiff, Fault> {
    let _one_at_a_time = context.reload.lock().await;
    let reader = context.config_reader.clone();
    let fresh =
        done_by(&context.rereads, move || reader.read().map_err(|error| Fault::new(FaultCode::CantReread, error)))
            .await?;
    let diff = context.sender.call(ReloadConfig { groups: fresh.groups }).await?;
    context.configuration_read.set(clock::wall_clock());
    context.set_warnings(fresh.warnings);
    context.set_program_reader(fresh.program_reader);
    if context.set_identifier(&fresh.identifier) {
        context.sender.change_identifier(fresh.identifier).await;
    }
    Ok(diff)
}

/// An answer that is this document.
pub(super) fn xml(document: impl Into<Bytes>) -> Response {
    let mut response = full(StatusCode::OK, document);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

fn log_invalid(context: &Context, document: &str, why: &str) {
    context.log(LogLevel::Error, || {
        let shown: String = document.chars().take(limits::LOGGED_REQUEST_CHARACTERS).collect();
        let rest = if shown.len() < document.len() { "…" } else { "" };
        format!("XML-RPC request data '{}{rest}' is invalid: {why}", shown.escape_debug())
    });
}
