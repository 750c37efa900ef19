//! What coordinators have learned, on disk: only when it is asked for.

use polity_protocols::{Memory, Name};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What the file says of itself.
const FORMAT: &str = "polity-memory/1";
/// A memory file is no larger.
const LARGEST: u64 = 256 << 20;

/// What coordinators have learned, by team and strategy: trust, prices, trails, by the names of agents and kinds of work.
///
/// ```
/// use polity::Memories;
/// use polity::protocols::Memory;
/// let mut learned = Memory::default();
/// learned.set("reputation/ann", [3.0, 4.0]);
/// let mut memories = Memories::default();
/// memories.set(None, "market", learned.clone());
/// let back = Memories::parse(&memories.text()).unwrap();
/// assert_eq!(back.get(None, "market"), Some(&learned));
/// assert!(Memories::parse("{}").unwrap_err().contains("polity-memory/1"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memories(BTreeMap<String, Memory>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    format: String,
    /// `market`, or `team/market`.
    coordinators: BTreeMap<String, Memory>,
}

fn key(team: Option<&Name>, strategy: &str) -> String {
    team.map_or_else(|| strategy.to_owned(), |team| format!("{team}/{strategy}"))
}

impl Memories {
    /// What the coordinator of this team (none: of all agents) under this strategy has learned.
    pub fn get(&self, team: Option<&Name>, strategy: &str) -> Option<&Memory> {
        self.0.get(&key(team, strategy))
    }
    /// The same, set. What is empty is forgotten.
    pub fn set(&mut self, team: Option<&Name>, strategy: &str, memory: Memory) {
        if memory.is_empty() {
            self.0.remove(&key(team, strategy));
        } else {
            self.0.insert(key(team, strategy), memory);
        }
    }
    /// True if nobody has learned anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// SHA-256 of its text, in hex: with file, configuration and seed it decides a virtual run.
    pub fn hash(&self) -> String {
        Sha256::digest(self.text().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
    /// The text of a memory file.
    pub fn text(&self) -> String {
        let page = Page { format: FORMAT.into(), coordinators: self.0.clone() };
        serde_json::to_string_pretty(&page).expect("numbers by name are what JSON can hold") + "\n"
    }
    /// Reads the text of a memory file.
    ///
    /// # Errors
    /// A sentence, if it is not one.
    pub fn parse(text: &str) -> Result<Memories, String> {
        let page: Page = serde_json::from_str(text)
            .map_err(|error| format!("it must be a {FORMAT} file, but it can't be read as one: {error}"))?;
        match page.format == FORMAT {
            true => Ok(Memories(page.coordinators)),
            false => Err(format!("it must be a {FORMAT} file, but says that it is \"{}\"", page.format)),
        }
    }
}

/// A memory file that is in use. While it is open nobody else can open it: two runs that learn at once would each forget what the other
/// learned. The operating system lets go of it when the process ends, however it ends.
///
/// ```
/// use polity::{Memories, MemoryFile};
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("memory.json");
/// let (file, learned) = MemoryFile::open(&path).unwrap();
/// assert!(learned.is_empty());
/// assert!(MemoryFile::open(&path).unwrap_err().contains("in use"));
/// file.save(&learned).unwrap();
/// drop(file);
/// std::fs::write(&path, "garbage").unwrap();
/// assert!(MemoryFile::open(&path).unwrap_err().contains("can't be read"));
/// ```
#[derive(Debug)]
pub struct MemoryFile {
    path: PathBuf,
    _lock: File,
}
impl MemoryFile {
    /// Opens it, and reads what it holds: nothing, if there is none yet.
    ///
    /// # Errors
    /// A sentence that names the file: it is in use, can't be read, or is no memory file. It is left as it is.
    pub fn open(path: &Path) -> Result<(MemoryFile, Memories), String> {
        let say = |what: String| format!("memory {}: {what}", path.display());
        let lock_path = path.with_added_extension("lock");
        let lock = File::create(&lock_path).map_err(|error| say(format!("{} can't be made: {error}", lock_path.display())))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(say("it is in use by another run; wait for it, or use another file".into()));
            }
            Err(TryLockError::Error(error)) => return Err(say(format!("it can't be locked: {error}"))),
        }
        let memories = match std::fs::metadata(path).map(|about| about.len()) {
            Ok(size) if size > LARGEST => Err(format!("it has {size} bytes, the limit is {LARGEST}")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Memories::default()),
            _ => std::fs::read_to_string(path).map_err(|error| error.to_string()).and_then(|text| Memories::parse(&text)),
        };
        let memories = memories.map_err(|why| say(format!("{why}; nothing was changed: mend it, or name another file")))?;
        Ok((MemoryFile { path: path.to_owned(), _lock: lock }, memories))
    }
    /// Replaces what it holds, at once or not at all.
    ///
    /// # Errors
    /// A sentence that names the file; what it held is still there.
    pub fn save(&self, memories: &Memories) -> Result<(), String> {
        let fresh = self.path.with_added_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&fresh)?;
            file.write_all(memories.text().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)
        };
        write().map_err(|error| format!("memory {}: what was learned can't be saved: {error}", self.path.display()))
    }
}
