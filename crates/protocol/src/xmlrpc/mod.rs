//! XML-RPC documents: values, and how they are read and written (contract/rpc.md §2).
//!
//! Documents are written byte for byte as Python's `xmlrpc.client` writes them, since there are clients that search
//! the text; and read as leniently as Python's side read them, within [`crate::limits`].

mod document;
mod reader;
mod value;
mod writer;
mod xml_text;

pub use reader::{Answer, Call, ReadError, read_answer, read_call};
pub use value::Value;
pub use writer::{Writer, write_call, write_fault, write_response};
