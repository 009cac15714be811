//! What the C library's allocator does with large pieces of memory.
#![cfg_attr(target_env = "gnu", expect(unsafe_code, reason = "mallopt(3)"))]

/// From now on pieces of this many bytes and more are given back to the system as soon as they are free. glibc raises
/// that border by itself to the largest piece that was ever freed, up to 32 MiB, and then keeps what is below; pieces
/// with an alignment it even keeps without using them again. Other C libraries are like this from the beginning.
pub fn return_large_pieces(bytes: i32) {
    #[cfg(target_env = "gnu")]
    for parameter in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: mallopt takes its own lock and two numbers; one that it does not like it ignores.
        unsafe { libc::mallopt(parameter, bytes) };
    }
    #[cfg(not(target_env = "gnu"))]
    let _ = bytes;
}
