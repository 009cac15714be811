//! The sections, one file for each type: which options there are, what their values mean, and in which order
//! upstream finds what is wrong with them.

pub(crate) mod essential;
pub(crate) mod eventlistener;
pub(crate) mod extension;
pub(crate) mod fcgi_program;
pub(crate) mod group;
pub(crate) mod hosted_plugin;
pub(crate) mod http_servers;
pub(crate) mod log_channels;
pub(crate) mod pem_files;
pub(crate) mod plugins;
pub(crate) mod program;
pub(crate) mod supervisorctl;
pub(crate) mod supervisord;
