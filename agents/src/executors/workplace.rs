//! Where commands run, and where what they print is put.

use core::time::Duration;
use polity_protocols::Name;
use std::path::PathBuf;

/// Bytes of one output that go to a file, by default: 1 GiB.
pub const DEFAULT_SPILL: u64 = 1 << 30;
/// How long processes that a script left behind may hold its output open, by default.
pub const DEFAULT_LINGER: Duration = Duration::from_secs(1);

/// Where commands run, and where what they print is put.
///
/// ```
/// use polity_agents::Workplace;
/// let place = Workplace { spill: Some("run/spill".into()), ..Workplace::new("/srv/project") };
/// assert!(place.logs.is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Workplace {
    /// The directory of a command that names none; a relative `cwd` counts from here.
    pub cwd: PathBuf,
    /// The folder for what commands print, appended to `<task>-<attempt>.stdout.log` and `….stderr.log`. None if not kept.
    pub logs: Option<PathBuf>,
    /// The folder for outputs that exceed their inline limit, whole, as `<task>-<attempt>.<run>-<launch>.out`. If none, the rest is dropped.
    pub spill: Option<PathBuf>,
    /// No file of those holds more bytes of one job than this; what comes after is dropped and counted.
    pub spill_limit: u64,
    /// When a script has ended, but processes that it left behind still hold its output: how long they may, before they are killed.
    pub linger: Duration,
}

impl Workplace {
    /// Runs commands in `cwd`, and keeps nothing but what is inline.
    pub fn new(cwd: impl Into<PathBuf>) -> Workplace {
        Workplace { cwd: cwd.into(), logs: None, spill: None, spill_limit: DEFAULT_SPILL, linger: DEFAULT_LINGER }
    }
}

/// The longest name of a file that is made of a task's name; a file system allows 255 bytes, and an ending is added.
const LONGEST: usize = 128;

/// A task's name as part of a file's name: `[A-Za-z0-9._-]`, at most [`LONGEST`] + 9 bytes, not beginning with a dot. A name that had to
/// be changed gets its hash, so that `a[1]` and `a(1)` don't share a file.
pub(super) fn file_stem(name: &Name) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut stem: String = name.chars().take(LONGEST).map(|c| if fits(c) { c } else { '_' }).collect();
    if stem.is_empty() || stem.starts_with('.') || stem.starts_with('-') {
        stem.insert(0, '_');
        stem.truncate(LONGEST);
    }
    if stem != **name {
        // FNV-1a, 32 bits.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        stem.push_str(&format!("-{hash:08x}"));
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stem_is_one_plain_file_name(name in ".{0,300}") {
            let stem = file_stem(&Name::from(name.as_str()));
            prop_assert!(!stem.is_empty() && stem.len() <= LONGEST + 9);
            prop_assert!(!stem.starts_with(['.', '-']));
            prop_assert!(stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        }
    }

    #[test]
    fn plain_names_stay_and_others_stay_apart() {
        assert_eq!(file_stem(&Name::from("analyse-1.b")), "analyse-1.b");
        assert_ne!(file_stem(&Name::from("a[1]")), file_stem(&Name::from("a(1)")));
        assert!(file_stem(&Name::from("analyse[2013]")).starts_with("analyse_2013_-"));
        assert!(!file_stem(&Name::from("../../etc/passwd")).contains('/'));
    }
}
