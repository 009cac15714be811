//! Whatever is in a file, reading it ends in a configuration or in an error; and the error is the one that a check
//! tells first. The inputs are good ones of the goldens, with bytes changed at random, always the same.

use std::os::unix::ffi::OsStrExt as _;

use supervisor_config::{LoadRequest, SupervisordOptions, check, load};

use crate::folder::Folder;

const GOLDENS: &str = include_str!("goldens/python.txt");

/// Changed copies that are read.
const COPIES: usize = 1_000;

/// What is put in at random places.
const SPICE: [&[u8]; 24] = [
    b"\xff",
    b"\xe2\x82",
    b"\r",
    b"\0",
    b" ;",
    b"#",
    b"\n",
    b"\n\n",
    b"  ",
    b"[",
    b"]",
    b"=",
    b":",
    b"%",
    b"%(",
    b"%(here)s",
    b")s",
    b"'",
    b"\"",
    b"\\",
    b"\n[program:x]\n",
    b"\n[DEFAULT]\n",
    b"\n[group:x]\nprograms=",
    b"9999999999999999999999",
];

/// Numbers that look random (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("it is below a usize")
    }
}

/// The configurations of the goldens that can be used as they are, once `{dir}` is a folder.
fn inputs() -> Vec<Vec<u8>> {
    let good = GOLDENS.lines().filter_map(|line| line.strip_prefix("load\t")?.split_once("\t="));
    good.map(|(text, _)| text.replace("\\n", "\n").into_bytes()).collect()
}

/// With this folder for `{dir}`.
fn placed_in(folder: &Folder, mut text: &[u8]) -> Vec<u8> {
    const PLACE: &[u8] = b"{dir}";
    let mut placed = Vec::new();
    while let Some(at) = text.windows(PLACE.len()).position(|bytes| bytes == PLACE) {
        placed.extend_from_slice(&text[..at]);
        placed.extend_from_slice(folder.path().as_os_str().as_bytes());
        text = &text[at + PLACE.len()..];
    }
    placed.extend_from_slice(text);
    placed
}

#[test]
fn every_file_ends_in_a_configuration_or_in_the_error_that_a_check_tells_first() {
    let folder = Folder::new();
    let inputs = inputs();
    let mut random = Random(20_261_122);
    let (mut good, mut bad) = (0, 0);
    for copy in 0..COPIES {
        let mut text = inputs[random.below(inputs.len())].clone();
        for _ in 0..=random.below(3) {
            let spice = SPICE[random.below(SPICE.len())];
            let at = random.below(text.len() + 1);
            let removed = random.below(4).min(text.len() - at);
            text.splice(at..at + removed, spice.iter().copied());
        }
        // Only now, since the name of the folder is another one each time and would move all that follows.
        let text = placed_in(&folder, &text);
        let path = folder.write("main.conf", &text);
        let request = LoadRequest { path: &path, command_line: &SupervisordOptions::default(), environment: &[] };
        let report = check(&request);
        match load(&request) {
            Ok(_) => {
                assert_eq!(report.errors, [], "copy {copy}: {}", String::from_utf8_lossy(&text));
                good += 1;
            }
            Err(error) => {
                assert_eq!(report.errors.first(), Some(&error), "copy {copy}: {}", String::from_utf8_lossy(&text));
                bad += 1;
            }
        }
    }
    assert!(good > COPIES / 10 && bad > COPIES / 10, "{good} good and {bad} bad copies test little");
}
