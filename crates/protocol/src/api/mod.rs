//! `/api/v1` as tables: what there is to be read and done, and by which words it is refused.
//!
//! Routing, the refusal of parameters and members that nobody knows, and docs/api.md are read from them; a resource
//! that is not here does not exist. Only data and how a path finds its row: what is told and done is the control
//! plane's. Rules: reference/web.md §11.

mod openapi;
mod problem;
mod row;
mod table;

pub use openapi::openapi;
pub use problem::ProblemCode;
pub use row::{Lookup, Member, Parameter, Role, Row, Type, Verb, find};
pub use table::{Action, Resource, TABLE};

/// Where all of it is.
pub const ROOT: &str = "/api/v1";
