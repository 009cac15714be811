//! The memory that a process takes.

/// Resident memory in KiB.
pub(crate) fn resident_kilobytes(pid: u32) -> u64 {
    kilobytes(pid, "VmRSS:")
}

/// The most resident memory that it has had so far, in KiB.
pub(crate) fn peak_kilobytes(pid: u32) -> u64 {
    kilobytes(pid, "VmHWM:")
}

fn kilobytes(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("proc(5)");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}
