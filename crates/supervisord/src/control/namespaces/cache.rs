//! `cache.*`: values that clients keep with supervisord, as with the plug-in supervisor_cache 1.1.0.
//!
//! They are gone with the next restart, as there. What it does not have is a bound: all values of a cache together take
//! [`limits::CACHE_BYTES`] at most, and one more is refused.

use std::collections::{BTreeMap, HashMap};

use supervisor_core::FaultCode;
use supervisor_protocol::method::CacheRequest;
use supervisor_protocol::xmlrpc::{Value, Writer};

use crate::control::limits;
use crate::control::rpc_fault::RpcFault;

/// What `getAPIVersion` answers.
const API_VERSION: &str = "0.2";

/// A cache for each section, by its namespace; made at its first use.
#[derive(Debug, Default)]
pub(in crate::control) struct Caches(HashMap<String, Cache>);

/// Invariant: `bytes` is the sum of the sizes of all keys and values.
#[derive(Debug, Default)]
struct Cache {
    values: BTreeMap<String, Value>,
    bytes: usize,
}

impl Caches {
    /// Carries out a request to the cache of a namespace, and writes one value if it succeeds.
    pub(in crate::control) fn perform(
        &mut self,
        namespace: &str,
        request: CacheRequest,
        writer: &mut Writer,
    ) -> Result<(), RpcFault> {
        self.0.entry(namespace.to_owned()).or_default().perform(request, writer)
    }
}

impl Cache {
    fn perform(&mut self, request: CacheRequest, writer: &mut Writer) -> Result<(), RpcFault> {
        match request {
            CacheRequest::ApiVersion => writer.string(API_VERSION),
            CacheRequest::Keys => {
                writer.begin_array();
                self.values.keys().for_each(|key| writer.string(key));
                writer.end_array();
            }
            CacheRequest::Count => writer.int(i64::try_from(self.values.len()).unwrap_or(i64::MAX)),
            CacheRequest::Store { key, data } => {
                self.store(text(key)?, data)?;
                writer.boolean(true);
            }
            CacheRequest::Fetch { key } => {
                let value = self.values.get(&text(key)?).ok_or_else(|| RpcFault::bare(FaultCode::BadName))?;
                writer.value(value);
            }
            CacheRequest::Delete { key } => {
                self.delete(&text(key)?);
                writer.boolean(true);
            }
            CacheRequest::Clear => {
                *self = Self::default();
                writer.boolean(true);
            }
        }
        Ok(())
    }

    fn store(&mut self, key: String, data: Value) -> Result<(), RpcFault> {
        let data = match data {
            // As Supervisor hands it to a method: what was sent as base64 is a text, if it is one.
            Value::Base64(bytes) => {
                String::from_utf8(bytes).map_or_else(|bad| Value::Base64(bad.into_bytes()), Value::Str)
            }
            other => other,
        };
        let Some(value_size) = size(&data) else {
            return Err(RpcFault::new(FaultCode::IncorrectParameters, "nil cannot be stored"));
        };
        let freed = self.values.get(&key).and_then(size).map_or(0, |old| old + key.len());
        let bytes = self.bytes - freed + value_size + key.len();
        if bytes > limits::CACHE_BYTES {
            let why = format!("the cache would take more than {} bytes", limits::CACHE_BYTES);
            return Err(RpcFault::new(FaultCode::Failed, why));
        }
        self.bytes = bytes;
        self.values.insert(key, data);
        Ok(())
    }

    fn delete(&mut self, key: &str) {
        if let Some(old) = self.values.remove(key) {
            self.bytes -= size(&old).unwrap_or(0) + key.len();
        }
    }
}

fn text(key: Value) -> Result<String, RpcFault> {
    key.into_text()
        .filter(|key| !key.is_empty())
        .ok_or_else(|| RpcFault::new(FaultCode::BadName, "Cache key must be a non-empty string"))
}

/// What a value takes in memory, in bytes, about; `None`: nil is in it, which no answer could carry.
fn size(value: &Value) -> Option<usize> {
    let content = match value {
        Value::Int(_) | Value::Bool(_) | Value::Double(_) => 0,
        Value::Str(text) | Value::DateTime(text) => text.len(),
        Value::Base64(bytes) => bytes.len(),
        Value::Array(items) => items.iter().map(size).sum::<Option<usize>>()?,
        Value::Struct(members) => {
            members.iter().map(|(name, value)| Some(name.len() + size(value)?)).sum::<Option<usize>>()?
        }
        Value::Nil => return None,
    };
    Some(content + size_of::<Value>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(cache: &mut Cache, request: CacheRequest) -> Result<String, (i32, String)> {
        let mut writer = Writer::default();
        let begin = writer.len();
        cache.perform(request, &mut writer).map_err(|fault| (fault.code, fault.text))?;
        assert!(writer.len() > begin, "one value");
        Ok(writer.finish_response())
    }

    fn store(cache: &mut Cache, key: &str, data: Value) -> Result<String, (i32, String)> {
        ask(cache, CacheRequest::Store { key: key.into(), data })
    }

    #[test]
    fn what_it_holds_is_counted_and_bounded() {
        let mut cache = Cache::default();
        let piece = || Value::Str("x".repeat(limits::CACHE_BYTES / 4));
        for key in ["a", "b", "c"] {
            store(&mut cache, key, piece()).unwrap();
        }
        let (code, text) = store(&mut cache, "d", piece()).unwrap_err();
        assert_eq!((code, text.starts_with("FAILED: the cache would take more than ")), (30, true), "{text}");
        store(&mut cache, "a", piece()).expect("in the place of another");
        ask(&mut cache, CacheRequest::Delete { key: "b".into() }).unwrap();
        store(&mut cache, "d", piece()).expect("there is room again");
        for key in ["a", "c", "d"] {
            ask(&mut cache, CacheRequest::Delete { key: key.into() }).unwrap();
        }
        assert_eq!(cache.bytes, 0);
    }

    #[test]
    fn keys_are_texts_and_nil_is_no_value() {
        let mut cache = Cache::default();
        let bad = (10, "BAD_NAME: Cache key must be a non-empty string".to_owned());
        for key in [Value::from(""), Value::Int(5), Value::Array(vec![])] {
            assert_eq!(ask(&mut cache, CacheRequest::Fetch { key }).unwrap_err(), bad);
        }
        let absent = CacheRequest::Fetch { key: "no".into() };
        assert_eq!(ask(&mut cache, absent).unwrap_err(), (10, "BAD_NAME".to_owned()));
        let nested = Value::Array(vec![Value::Nil]);
        assert_eq!(store(&mut cache, "k", nested).unwrap_err().0, 2);
        store(&mut cache, "k", Value::Base64(b"text".to_vec())).unwrap();
        assert!(ask(&mut cache, CacheRequest::Fetch { key: "k".into() }).unwrap().contains("<string>text</string>"));
    }
}
