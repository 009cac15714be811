//! `system.*`: what the table of methods tells about itself, and several calls in one (contract/rpc.md §6).

use std::borrow::Cow;
use std::rc::Rc;

use supervisor_core::{Fault, FaultCode};
use supervisor_protocol::extension::MethodDescription;
use supervisor_protocol::method::{LocalRequest, Method, Namespaces, Request};
use supervisor_protocol::xmlrpc::{Value, Writer};

use super::budget::Share;
use super::context::Context;
use super::rpc_fault::RpcFault;
use super::{limits, rpc};

/// The names of all methods, sorted.
pub(super) async fn list_methods(context: &Context, writer: &mut Writer) {
    let mut names = context.namespaces.method_names();
    let of_extensions = context.extensions.method_names(context).await;
    if !of_extensions.is_empty() {
        names.extend(of_extensions.into_iter().map(Cow::Owned));
        names.sort();
    }
    writer.begin_array();
    for name in names {
        writer.string(&name);
    }
    writer.end_array();
}

/// The names of the methods of `supervisorx`.
pub(super) fn list_own_methods(writer: &mut Writer) {
    writer.begin_array();
    Namespaces::own_method_names().for_each(|name| writer.string(name));
    writer.end_array();
}

/// What a method does.
pub(super) async fn method_help(context: &Context, name: &str, writer: &mut Writer) -> Result<(), Fault> {
    match find(name, context).await? {
        Found::BuiltIn(method) => writer.string(&method.help()),
        // As the original's for a method without a text.
        Found::OfExtension(method) => writer.string(method.help.as_deref().unwrap_or("None")),
    }
    Ok(())
}

/// The types of a method's result and parameters.
pub(super) async fn method_signature(context: &Context, name: &str, writer: &mut Writer) -> Result<(), Fault> {
    let found = find(name, context).await?;
    let kinds: Vec<&str> = match &found {
        Found::BuiltIn(method) => method.signature().collect(),
        Found::OfExtension(method) => {
            let signature = method.signature.as_deref().ok_or_else(unsupported)?;
            signature.iter().map(|kind| &**kind).collect()
        }
    };
    writer.begin_array();
    for kind in kinds {
        writer.string(kind);
    }
    writer.end_array();
    Ok(())
}

/// A method that can be told of.
enum Found {
    BuiltIn(&'static Method),
    OfExtension(MethodDescription),
}

async fn find(name: &str, context: &Context) -> Result<Found, Fault> {
    match rpc::extension_of(name, context) {
        Some((extension, name)) => extension.method(name, context).await.map(Found::OfExtension),
        None => context.namespaces.find(name).ok().map(Found::BuiltIn),
    }
    .ok_or_else(unsupported)
}

fn unsupported() -> Fault {
    Fault::bare(FaultCode::SignatureUnsupported)
}

/// Makes the calls one after the other, each when the one before is answered. A result stands in the array as it
/// is, not in an array of its own as elsewhere (contract/quirks.md K34).
///
/// # Errors
/// There is no memory for the answer, not even for what went wrong.
pub(super) async fn multicall(
    calls: Vec<Value>,
    context: &Rc<Context>,
    writer: &mut Writer,
) -> Result<Share, RpcFault> {
    let mut share = Share::default();
    writer.begin_array();
    for call in calls {
        let begin = writer.len();
        let mut outcome = one_call(call, context, writer).await;
        if outcome.is_ok() && !context.answers.try_grow(&mut share, writer.len()) {
            outcome = Err(rpc::too_much());
        }
        if let Err(fault) = outcome {
            writer.truncate(begin);
            writer.fault_struct(fault.code, &fault.text);
            if !context.answers.try_grow(&mut share, writer.len()) {
                return Err(rpc::too_much());
            }
        }
    }
    writer.end_array();
    Ok(share)
}

async fn one_call(call: Value, context: &Rc<Context>, writer: &mut Writer) -> Result<(), RpcFault> {
    if writer.len() > limits::MULTICALL_BYTES {
        return Err(RpcFault::new(FaultCode::Failed, "the answers of the calls before are too long"));
    }
    let (name, params) = parts(call)?;
    if let Some((extension, name)) = rpc::extension_of(&name, context) {
        writer.value(&extension.call(name, params, context).await?);
        return Ok(());
    }
    match rpc::checked(&name, params, context)? {
        (_, Request::Local(LocalRequest::Multicall { .. })) => Err(recursive_multicall()),
        (namespace, single) => rpc::perform_single(namespace, single, context, writer).await,
    }
}

/// Method name and parameters of a call; the latter may be left out.
fn parts(call: Value) -> Result<(String, Vec<Value>), RpcFault> {
    let incorrect = |why: &str| RpcFault::new(FaultCode::IncorrectParameters, why);
    let Value::Struct(members) = call else { return Err(incorrect("a call must be a struct")) };
    let (mut name, mut params) = (None, Value::Array(vec![]));
    for (member, value) in members {
        match member.as_str() {
            "methodName" => name = Some(value),
            "params" => params = value,
            _ => {}
        }
    }
    match (name, params) {
        (None | Some(Value::Nil), _) => Err(incorrect("No methodName")),
        // Before its parameters are looked at, which need not fit.
        (Some(Value::Str(name)), _) if name == "system.multicall" => Err(recursive_multicall()),
        (Some(Value::Str(name)), Value::Array(params)) => Ok((name, params)),
        (Some(Value::Str(_)), _) => Err(incorrect("params must be an array")),
        (Some(_), _) => Err(incorrect("methodName must be a string")),
    }
}

/// A multicall within a multicall.
pub(super) fn recursive_multicall() -> RpcFault {
    RpcFault::new(FaultCode::IncorrectParameters, "Recursive system.multicall forbidden")
}
