//! Which time zone local times are written in: that of `TZ`, as tzset(3) reads it.
//!
//! A name is looked for below the system's zone files first, and is read as a POSIX rule (`CET-1CEST,M3.5.0,M10.5.0/3`)
//! where there is no such file; without `TZ` it is `/etc/localtime`. What cannot be found is UTC, as in the C library,
//! and [`LocalTimeZone::problem`] says so, once: whoever asks does so at its start and keeps the answer.
//!
//! Not here: the C library's own localtime(3), which reads the environment under a lock and says nothing of a zone that
//! it does not find; seconds that leap (the `right/` zones).

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::limits;

/// Where zone files lie if `TZDIR` does not say: with glibc, and the further places of musl.
const ZONE_FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo"];

/// The zone of a machine whose `TZ` is not set.
const SYSTEM_ZONE: &str = "/etc/localtime";

/// When summer is for a rule that does not say (`EST5EDT`): glibc's default, that of the United States.
const DEFAULT_SUMMER: &str = ",M3.2.0,M11.1.0";

/// The zone of local times.
#[derive(Clone, Debug)]
pub struct LocalTimeZone {
    /// The zone; UTC if there is a problem.
    pub zone: TimeZone,
    /// Why it is not what `TZ` asks for, with what can be done about it.
    pub problem: Option<String>,
}

/// The zone that this process's environment asks for. Files are read; remember the answer.
pub fn local_time_zone() -> LocalTimeZone {
    let folders = match std::env::var_os("TZDIR") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => ZONE_FOLDERS.map(PathBuf::from).to_vec(),
    };
    of(std::env::var_os("TZ").as_deref(), &folders, Path::new(SYSTEM_ZONE))
}

fn of(tz: Option<&OsStr>, folders: &[PathBuf], system_zone: &Path) -> LocalTimeZone {
    let Some(tz) = tz else {
        // A machine without the file is in UTC; nobody has asked for anything else.
        return LocalTimeZone { zone: zone_file(system_zone).unwrap_or(TimeZone::UTC), problem: None };
    };
    let name = tz.as_bytes().strip_prefix(b":").unwrap_or(tz.as_bytes());
    let found = from_file(OsStr::from_bytes(name), folders).or_else(|| from_rule(name));
    let problem = (found.is_none() && !means_utc(name)).then(|| problem(tz, folders));
    LocalTimeZone { zone: found.unwrap_or(TimeZone::UTC), problem }
}

/// `TZ=` and the names that need no file.
fn means_utc(name: &[u8]) -> bool {
    matches!(name, b"" | b"UTC" | b"GMT" | b"Z" | b"Etc/UTC" | b"Etc/GMT")
}

fn from_file(name: &OsStr, folders: &[PathBuf]) -> Option<TimeZone> {
    if name.is_empty() {
        return None;
    }
    // An absolute name takes the place of the folder.
    folders.iter().find_map(|folder| zone_file(&folder.join(name)))
}

fn zone_file(path: &Path) -> Option<TimeZone> {
    // `TZ` may name anything, a pipe too.
    let file = File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(limits::ZONE_FILE_BYTES).read_to_end(&mut bytes).ok()?;
    TimeZone::tzif(&path.to_string_lossy(), &bytes).ok()
}

fn from_rule(text: &[u8]) -> Option<TimeZone> {
    let rule = std::str::from_utf8(text).ok()?;
    TimeZone::posix(rule).or_else(|_| TimeZone::posix(&format!("{rule}{DEFAULT_SUMMER}"))).ok()
}

fn problem(tz: &OsStr, folders: &[PathBuf]) -> String {
    let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    format!(
        "TZ={} is neither a time zone below {} nor a rule such as CET-1CEST,M3.5.0,M10.5.0/3: times are in UTC \
         (install tzdata, or correct TZ)",
        tz.display(),
        folders.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::Timestamp;

    use super::*;

    /// What the C library makes of a `TZ` without zone files, made by `tests/goldens/time_zones.py`.
    const GOLDEN: &str = include_str!("../tests/goldens/time_zones.txt");

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("supervisor-{name}-{}", std::process::id()))
    }

    fn text(zone: &LocalTimeZone, epoch_seconds: i64) -> String {
        let time = Timestamp::from_second(epoch_seconds).unwrap().to_zoned(zone.zone.clone());
        time.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn of_text(tz: &str, folder: &Path) -> LocalTimeZone {
        of(Some(OsStr::new(tz)), &[folder.to_owned()], &folder.join("localtime"))
    }

    #[test]
    fn rules_are_read_as_the_c_library_reads_them() {
        let mut compared = 0;
        for line in GOLDEN.lines() {
            let [tz, epoch_seconds, expected] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let zone = of_text(tz, Path::new("/nonexistent"));
            assert_eq!(text(&zone, epoch_seconds.parse().unwrap()), expected, "{line}");
            compared += 1;
        }
        assert!(compared > 150, "{compared}");
    }

    /// A zone file whose times are those of a rule: no transitions of its own (RFC 8536 §3).
    fn zone_file_of(rule: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _version_1_and_2 in 0..2 {
            bytes.extend_from_slice(b"TZif2");
            bytes.extend_from_slice(&[0; 15]);
            for count in [0_u32, 0, 0, 0, 1, 4] {
                bytes.extend_from_slice(&count.to_be_bytes());
            }
            bytes.extend_from_slice(&[0; 6]);
            bytes.extend_from_slice(b"LMT\0");
        }
        bytes.extend_from_slice(format!("\n{rule}\n").as_bytes());
        bytes
    }

    #[test]
    fn names_are_those_of_zone_files_whatever_form_they_have() {
        let folder = folder("time-zones");
        fs::create_dir_all(folder.join("Area")).unwrap();
        fs::write(folder.join("Area/Place"), zone_file_of("PPP-7")).unwrap();
        fs::write(folder.join("EST5EDT"), zone_file_of("QQQ-8")).unwrap();
        fs::write(folder.join("localtime"), zone_file_of("RRR-9")).unwrap();
        let absolute = folder.join("Area/Place").to_str().unwrap().to_owned();
        for (tz, hour) in [
            ("Area/Place", "07"),
            (":Area/Place", "07"),
            ("Area/../Area/Place", "07"),
            (absolute.as_str(), "07"),
            (&format!(":{absolute}"), "07"),
            // A file comes before a rule of the same text.
            ("EST5EDT", "08"),
        ] {
            let zone = of_text(tz, &folder);
            assert_eq!(text(&zone, 0), format!("1970-01-01 {hour}:00:00"), "{tz}");
            assert_eq!(zone.problem, None, "{tz}");
        }
        let unset = of(None, std::slice::from_ref(&folder), &folder.join("localtime"));
        assert_eq!(text(&unset, 0), "1970-01-01 09:00:00");
        let bare = of(None, std::slice::from_ref(&folder), &folder.join("nothing"));
        assert_eq!((text(&bare, 0).as_str(), bare.problem), ("1970-01-01 00:00:00", None));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_zone_that_cannot_be_found_is_utc_and_says_so() {
        let folder = folder("no-time-zones");
        fs::create_dir_all(folder.join("Area")).unwrap();
        fs::write(folder.join("Area/Broken"), "no zone").unwrap();
        nix::unistd::mkfifo(&folder.join("Area/Pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for tz in ["Nowhere/City", "Area/Broken", "Area/Pipe", "Area", "/dev/zero", "berlin"] {
            let zone = of_text(tz, &folder);
            assert_eq!(text(&zone, 0), "1970-01-01 00:00:00", "{tz}");
            let problem = zone.problem.unwrap();
            assert!(problem.starts_with(&format!("TZ={tz} is neither a time zone below ")), "{problem}");
        }
        for tz in ["", ":", "UTC", "GMT", "Etc/UTC"] {
            assert_eq!(of_text(tz, &folder).problem, None, "{tz}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
