//! What the sources must not contain. Each rule is also shown what it must find.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

/// One rule: which files it is about, and the lines that break it.
struct Rule {
    says: &'static str,
    covers: fn(&str) -> bool,
    breaks: fn(&str) -> bool,
    /// A file and a line that break it, and one that doesn't.
    planted: (&'static str, &'static str),
    innocent: (&'static str, &'static str),
}

fn is_pure(path: &str) -> bool {
    const PURE: [&str; 7] = [
        "protocols/src/",
        "src/plan/",
        "src/lifecycle/",
        "src/supervision/",
        "src/faults/",
        "src/laboratory/statistics/",
        "src/laboratory/picture/",
    ];
    PURE.iter().any(|folder| path.starts_with(folder))
}
fn is_product(path: &str) -> bool {
    (path.starts_with("src/") || path.starts_with("agents/src/") || path.starts_with("protocols/src/")) && !is_test(path)
}
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("tests.rs") || path.contains("/testing/")
}
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

const RULES: [Rule; 10] = [
    Rule {
        says: "pure modules know no runtime, no clock and no thread",
        covers: |path| is_pure(path) && !is_test(path),
        breaks: |line| {
            let words = ["actix", "tokio", "Instant", "SystemTime", "OsRng", "thread_rng", "getrandom"];
            words.iter().any(|word| has_word(line, word))
                || line.contains("std::thread")
                || line.contains("std::fs")
                || line.contains("std::env")
        },
        planted: ("src/plan/x.rs", "use std::time::Instant;"),
        innocent: ("src/plan/x.rs", "let instantly = actixes;"),
    },
    Rule {
        says: "pure modules iterate over nothing that is hashed: its order is another in each process",
        covers: |path| is_pure(path) && !path.ends_with("/key_map.rs"), // which walks in the order of keys
        breaks: |line| has_word(line, "HashMap") || has_word(line, "HashSet"),
        planted: ("protocols/src/x.rs", "let seen = HashMap::new();"),
        innocent: ("protocols/src/x.rs", "let seen = BTreeMap::new();"),
    },
    Rule {
        says: "pure modules take logarithms from libm: those of the platform differ in the last bit",
        covers: |path| is_pure(path) && !is_test(path),
        breaks: |line| [".exp()", ".ln()", ".powf(", ".log2()", ".log10()"].iter().any(|call| line.contains(call)),
        planted: ("protocols/src/x.rs", "let y = x.powf(0.5);"),
        innocent: ("protocols/src/x.rs", "let y = libm::pow(x, 0.5);"),
    },
    Rule {
        says: "only actors, worlds and the runtime know actix",
        covers: |path| {
            !["src/actors/", "src/world/", "src/runtime/"].iter().any(|known| path.starts_with(known)) && is_product(path)
        },
        breaks: |line| has_word(line, "actix"),
        planted: ("src/report/x.rs", "use actix::Addr;"),
        innocent: ("src/report/x.rs", "use crate::actors;"),
    },
    Rule {
        says: "only the language and the configuration know YAML's parser",
        covers: |path| is_product(path) && !path.starts_with("src/workflow/") && !path.starts_with("src/config/"),
        breaks: |line| has_word(line, "serde_saphyr") || has_word(line, "saphyr"),
        planted: ("src/actors/x.rs", "let value = serde_saphyr::from_str(text);"),
        innocent: ("src/actors/x.rs", "let value = serde_json::from_str(text);"),
    },
    Rule {
        says: "nothing is unwrapped: `expect` states the invariant",
        covers: is_product,
        breaks: |line| line.contains(".unwrap()"),
        planted: ("src/report/x.rs", "let x = y.unwrap();"),
        innocent: ("src/report/x.rs", "let x = y.unwrap_or_default();"),
    },
    Rule {
        says: "nothing is left to be done",
        covers: is_product,
        breaks: |line| ["todo!", "unimplemented!", "FIXME", "dbg!("].iter().any(|word| line.contains(word)),
        planted: ("src/report/x.rs", "todo!()"),
        innocent: ("src/report/x.rs", "let todo = 1;"),
    },
    Rule {
        says: "no actor waits for another; only a job's own task awaits",
        covers: |path| path.starts_with("src/actors/"),
        // `carry` awaits the job's future, which ends on its own line.
        breaks: |line| {
            (line.contains(".await") && line.trim() != ".await;") || line.contains("addr.send(") || line.contains("ctx.wait(")
        },
        planted: ("src/actors/x.rs", "let answer = addr.send(Question).await;"),
        innocent: ("src/actors/x.rs", "self.world.send(letter);"),
    },
    Rule {
        says: "no path of one machine",
        covers: |path| !path.ends_with("tidy.rs"),
        breaks: |line| ["/home/", "/Users/", "/root/", "C:\\\\"].iter().any(|home| line.contains(home)),
        planted: ("tests/x.rs", "let folder = \"/home/ann/polity\";"),
        innocent: ("tests/x.rs", "let folder = \"examples\";"),
    },
    Rule {
        says: "no unsafe code",
        covers: |_| true,
        breaks: |line| has_word(line, "unsafe") && !line.contains("unsafe_code") && !line.contains('"'),
        planted: ("src/report/x.rs", "let x = unsafe { *p };"),
        innocent: ("src/lib.rs", "#![forbid(unsafe_code)]"),
    },
];

/// The lines of a file that are code: no comments, no tests at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod ").or_else(|| text.find("#[cfg(test)]\n#[allow(clippy::unwrap_used)]\nmod "));
    let lines = text[..end.unwrap_or(text.len())].lines().enumerate();
    lines.map(|(n, line)| (n + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

impl Rule {
    fn broken_in(&self, path: &str, text: &str) -> Vec<String> {
        if !(self.covers)(path) {
            return Vec::new();
        }
        let bad = code(text).filter(|(_, line)| (self.breaks)(line));
        bad.map(|(n, line)| format!("{path}:{n}: {}: {}", self.says, line.trim())).collect()
    }
}

/// All Rust sources, by their path from the root of the repository.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "agents", "protocols", "tests", "benches", "examples"] {
        walk(&root.join(folder), &mut found);
    }
    found.sort();
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    found.iter().map(|path| (relative(path), std::fs::read_to_string(path).unwrap())).collect()
}
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() && !path.ends_with("target") {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_sources_keep_the_rules() {
    let sources = sources();
    assert!(sources.len() > 100, "{} sources were found", sources.len());
    let broken: Vec<String> =
        RULES.iter().flat_map(|rule| sources.iter().flat_map(|(path, text)| rule.broken_in(path, text))).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn each_rule_finds_what_it_forbids_and_nothing_else() {
    for rule in RULES {
        assert_eq!(rule.broken_in(rule.planted.0, rule.planted.1).len(), 1, "{}", rule.says);
        assert_eq!(rule.broken_in(rule.innocent.0, rule.innocent.1), Vec::<String>::new(), "{}", rule.says);
        let hidden = format!("// {}", rule.planted.1);
        assert_eq!(rule.broken_in(rule.planted.0, &hidden), Vec::<String>::new(), "a comment: {}", rule.says);
    }
}

/// What a `mod.rs` that only tells may consist of, beside comments, attributes and what its `use`s go on with.
fn only_tells(text: &str) -> Result<(), String> {
    let mut within = false;
    for (n, line) in code(text) {
        let line = line.trim();
        let plain = ["mod ", "pub mod ", "pub(crate) mod ", "pub(super) mod ", "#", "macro_rules!"]
            .iter()
            .any(|start| line.starts_with(start));
        let import = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "].iter().any(|start| line.starts_with(start));
        if !(line.is_empty() || within || plain || import) {
            return Err(format!("{n}: {line}"));
        }
        within = (within || import) && !line.ends_with(';');
    }
    Ok(())
}

#[test]
fn a_mod_rs_holds_documentation_and_names() {
    // These hold what the whole folder speaks of.
    let holders = ["src/world/mod.rs", "src/event/mod.rs", "src/cli/mod.rs", "protocols/src/hierarchical/mod.rs"];
    for (path, text) in sources().iter().filter(|(path, _)| path.ends_with("/mod.rs") && !is_test(path)) {
        assert!(text.starts_with("//! "), "{path} says nothing of what it holds");
        if !holders.contains(&path.as_str()) {
            assert_eq!(only_tells(text), Ok(()), "{path}");
        }
    }
    assert!(only_tells("//! x\nmod a;\npub use a::{\n    B,\n};\n").is_ok());
    assert!(only_tells("//! x\nfn f() {}\n").is_err());
}
