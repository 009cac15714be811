//! The methods of `[rpcinterface:x]` with the factory of the plug-in supervisor_cache (1.1.0): values that clients keep
//! with supervisord, by key. Sorted by name.

use supervisor_core::Fault;

use super::request::{CacheRequest, LocalRequest, Request};
use super::row::{local, required, row};
use super::{Method, Parameter, Type};

const KEY: Parameter = required("key", Type::String, "under which the value is kept; not empty");
const DATA: Parameter = required("data", Type::String, "the value; of any type");

pub(super) static TABLE: &[Method] = &[
    row("cache.clear", &[], Type::Boolean, "Forgets everything.", |_| cache(CacheRequest::Clear)),
    row("cache.delete", &[KEY], Type::Boolean, "Forgets a value. It need not be there.", |given| {
        cache(CacheRequest::Delete { key: given.any() })
    }),
    row("cache.fetch", &[KEY], Type::String, "Retrieve data from cache: the value of a key.", |given| {
        cache(CacheRequest::Fetch { key: given.any() })
    }),
    row("cache.getAPIVersion", &[], Type::String, "The version of this interface.", |_| {
        cache(CacheRequest::ApiVersion)
    }),
    row("cache.getCount", &[], Type::Integer, "How many values there are.", |_| cache(CacheRequest::Count)),
    row("cache.getKeys", &[], Type::Array, "All keys, sorted.", |_| cache(CacheRequest::Keys)),
    row("cache.store", &[KEY, DATA], Type::Boolean, "Keeps a value, in the place of one that was there.", |given| {
        cache(CacheRequest::Store { key: given.any(), data: given.any() })
    }),
];

fn cache(request: CacheRequest) -> Result<Request, Fault> {
    local(LocalRequest::Cache(request))
}
