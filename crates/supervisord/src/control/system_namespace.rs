//! `system.*`: what the table of methods tells about itself, and several calls in one (contract/rpc.md §6).

use std::rc::Rc;

use supervisor_core::{Fault, FaultCode};
use supervisor_protocol::method::{LocalRequest, Method, Namespaces, Request};
use supervisor_protocol::xmlrpc::{Value, Writer};

use super::budget::Share;
use super::context::Context;
use super::rpc_fault::RpcFault;
use super::{limits, rpc};

/// The names of all methods, sorted.
pub(super) fn list_methods(namespaces: &Namespaces, writer: &mut Writer) {
    writer.begin_array();
    for name in namespaces.method_names() {
        writer.string(&name);
    }
    writer.end_array();
}

/// What a method does.
pub(super) fn method_help(namespaces: &Namespaces, name: &str, writer: &mut Writer) -> Result<(), Fault> {
    writer.string(&find(namespaces, name)?.help());
    Ok(())
}

/// The types of a method's result and parameters.
pub(super) fn method_signature(namespaces: &Namespaces, name: &str, writer: &mut Writer) -> Result<(), Fault> {
    let method = find(namespaces, name)?;
    writer.begin_array();
    for kind in method.signature() {
        writer.string(kind);
    }
    writer.end_array();
    Ok(())
}

fn find(namespaces: &Namespaces, name: &str) -> Result<&'static Method, Fault> {
    namespaces.find(name).map_err(|_| Fault::bare(FaultCode::SignatureUnsupported))
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
