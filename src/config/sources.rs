//! Where settings come from.

use std::path::{Path, PathBuf};

/// Where settings come from, weakest first within each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Configuration files, the stronger later. One that doesn't exist is passed over.
    pub files: Vec<PathBuf>,
    /// Environment variables; those that don't begin with `POLITY_` are ignored.
    pub env: Vec<(String, String)>,
    /// Flags, as dotted keys: `strategy`, `limits.max_open`.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// The usual ones: the user's file, `./polity.yaml`, and this process's environment.
    ///
    /// ```
    /// let sources = polity::config::Sources::usual();
    /// assert!(sources.files.last().unwrap().ends_with("polity.yaml"));
    /// ```
    pub fn usual() -> Sources {
        let env: Vec<(String, String)> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        Sources { files: files(&env), env, flags: Vec::new() }
    }
    /// With one more flag, stronger than those before.
    pub fn flag(mut self, key: &str, value: impl Into<String>) -> Sources {
        self.flags.push((key.to_owned(), value.into()));
        self
    }
}

/// `$XDG_CONFIG_HOME/polity/config.yaml`, else `~/.config/polity/config.yaml`; then `./polity.yaml`.
pub(super) fn files(env: &[(String, String)]) -> Vec<PathBuf> {
    let var = |name: &str| env.iter().find(|(k, v)| k == name && !v.is_empty()).map(|(_, v)| Path::new(v));
    // The specification of XDG tells to ignore a relative path there.
    let home = var("XDG_CONFIG_HOME").filter(|p| p.is_absolute()).map(Path::to_path_buf);
    let home = home.or_else(|| var("HOME").map(|h| h.join(".config")));
    home.map(|h| h.join("polity").join("config.yaml")).into_iter().chain([PathBuf::from("polity.yaml")]).collect()
}
