//! What supervisord says when the system gives it fewer file descriptors or processes than `minfds` and `minprocs`
//! ask for. Upstream names the wanted number in the place of the real limit; we name the limit (quirks.md F31).

/// `wanted` is `minfds`, `hard` the limit that cannot be raised.
pub fn too_few_file_descriptors(wanted: i64, hard: u64) -> String {
    format!(
        "The minimum number of file descriptors required to run this process is {wanted} as per the \"minfds\" \
         command-line argument or config file setting. The current environment will only allow you to open {hard} file \
         descriptors.  Either raise the number of usable file descriptors in your environment (see README.rst) or \
         lower the minfds setting in the config file to allow the process to start."
    )
}

/// `wanted` is `minprocs`, `hard` the limit that cannot be raised.
pub fn too_few_processes(wanted: i64, hard: u64) -> String {
    format!(
        "The minimum number of available processes required to run this program is {wanted} as per the \"minprocs\" \
         command-line argument or config file setting. The current environment will only allow you to open {hard} \
         processes.  Either raise the number of usable processes in your environment (see README.rst) or lower the \
         minprocs setting in the config file to allow the program to start."
    )
}
