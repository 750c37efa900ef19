//! Checks the shape of a tree against the grammar: every key known, every value of its kind. Reports everything that is wrong.

use super::again::condition;
use super::expression::{Expression, ExpressionError};
use super::grammar::{Field, Kind, Record, Word};
use super::names::bad_id;
use super::nested::over_item;
use super::places::inside;
use super::policies::drawn_from;
use super::problem::{Problem, Span};
use super::template::Template;
use super::text::{nearest, parse_duration};
use super::yaml::{Key, Node, NodeKind};
use std::collections::BTreeMap;

/// One check of one text.
pub(crate) struct Shape<'a> {
    pub(crate) source: &'a str,
    pub(crate) problems: Vec<Problem>,
}

impl Shape<'_> {
    fn say(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
    fn expected(&mut self, node: &Node, key: &str, what: &str) {
        if self.is_bare_braces(node) {
            return;
        }
        self.say(Problem::new(node.span, format!("`{key}` must be {what}, but is {}", node.given())));
    }

    /// Checks a value of `key` against its kind.
    pub(crate) fn check(&mut self, node: &Node, kind: &Kind, key: &str) {
        match kind {
            Kind::Any => self.keys_are_texts(node),
            Kind::Text => self.text(node, key),
            Kind::Id => self.id(node, key),
            Kind::Version => self.version(node),
            Kind::Words(words) => self.word(node, words, key),
            Kind::Bool if node.bool().is_none() => self.expected(node, key, "true or false"),
            Kind::Bool => {}
            Kind::Whole(least) => self.whole(node, *least, key),
            Kind::Count(least, most) => match node.whole() {
                Some(n) if n < *least => self.expected(node, key, &format!("at least {least}")),
                Some(n) if n > *most => self.expected(node, key, &format!("at most {most}")),
                Some(_) => {}
                None => self.expected(node, key, &format!("a whole number in {least}..={most}")),
            },
            Kind::Number(low, high) => self.number(node, *low, *high, key),
            Kind::Positive => match node.number() {
                Some(n) if n > 0.0 => {}
                _ => self.expected(node, key, "a number above 0"),
            },
            Kind::Share => {
                let given = node.number().or_else(|| super::policies::fraction(node.text()?));
                if !given.is_some_and(|n| n > 0.0 && n <= 1.0) {
                    self.expected(node, key, "a share in (0, 1], like 0.67 or 2/3");
                }
            }
            Kind::Duration => self.duration(node, key, None),
            Kind::MeanTime(help) => self.duration(node, key, Some(help)),
            Kind::Work => self.work(node, key),
            Kind::Expression => self.expression(node, key, Expression::parse),
            Kind::Condition => self.expression(node, key, condition),
            Kind::OverItem => self.expression(node, key, over_item),
            Kind::Template => self.template(node, key),
            Kind::Binding => self.binding(node),
            Kind::List(item) => match node.list() {
                Some(items) => items.iter().for_each(|n| self.check(n, item, key)),
                None if node.text().is_some() => {
                    let message = format!("`{key}` must be a list, but is {}", node.given());
                    self.say(Problem::new(node.span, message).help(format!("write [{}]", node.text().unwrap_or_default())));
                }
                None => self.expected(node, key, "a list"),
            },
            Kind::Map(value) => self.map(node, value, key),
            Kind::Record(record) => self.record(node, record, key),
            Kind::Strategy => self.strategy(node),
            Kind::Either(kinds) => self.either(node, kinds, key),
        }
    }

    fn text(&mut self, node: &Node, key: &str) {
        match &node.kind {
            NodeKind::Text(t) if t.trim().is_empty() => {
                self.say(Problem::new(node.span, format!("`{key}` is an empty text")));
            }
            NodeKind::Text(_) => {}
            NodeKind::Number(_) | NodeKind::Bool(_) | NodeKind::NotFinite(_) => {
                let message = format!("`{key}` must be a text, but is {}", node.given());
                self.say(Problem::new(node.span, message).help("put it in quotes"));
            }
            _ => self.expected(node, key, "a text"),
        }
    }

    fn id(&mut self, node: &Node, key: &str) {
        let before = self.problems.len();
        self.text(node, key);
        if let (Some(id), true) = (node.text(), before == self.problems.len())
            && let Some((message, help)) = bad_id(id)
        {
            self.say(Problem::new(node.span, message).maybe(help));
        }
    }

    fn version(&mut self, node: &Node) {
        let good = node.text() == Some("2.0") || node.number() == Some(2.0);
        if !good {
            let message = format!("version must be \"2.0\", but is {}", node.given());
            self.say(Problem::new(node.span, message));
        }
    }

    fn word(&mut self, node: &Node, words: &[Word], key: &str) {
        let Some(given) = node.text() else {
            return self.expected(node, key, &format!("one of {}", list(words)));
        };
        match words.iter().find(|w| w.0 == given) {
            Some(Word(_, true)) => {}
            Some(Word(word, false)) => self.say(Problem::new(node.span, format!("`{key}: {word}` is not built yet"))),
            None => {
                let message = format!("`{key}` must be one of {}, but is \"{given}\"", list(words));
                let near = nearest(given, words.iter().map(|w| w.0)).map(|w| format!("did you mean \"{w}\"?"));
                self.say(Problem::new(node.span, message).maybe(near));
            }
        }
    }

    fn whole(&mut self, node: &Node, least: u64, key: &str) {
        match node.whole() {
            Some(n) if n < least => self.expected(node, key, &format!("at least {least}")),
            Some(n) if n > u64::from(u32::MAX) && key != "seed" => self.expected(node, key, &format!("at most {}", u32::MAX)),
            Some(_) => {}
            None => self.expected(node, key, &format!("a whole number, at least {least}")),
        }
    }

    fn number(&mut self, node: &Node, low: f64, high: f64, key: &str) {
        let good = node.number().is_some_and(|n| (low..=high).contains(&n));
        if !good {
            let range =
                if high == f64::MAX { format!("a number, at least {low}") } else { format!("a number in {low}..={high}") };
            self.expected(node, key, &range);
        }
    }

    fn duration(&mut self, node: &Node, key: &str, help: Option<&str>) {
        match &node.kind {
            NodeKind::Text(text) => {
                if let Err(why) = parse_duration(text) {
                    self.say(Problem::new(node.span, format!("`{key}`: {why}")));
                }
            }
            NodeKind::Number(n) => {
                let why = match parse_duration(&n.to_string()) {
                    Err(why) => why,
                    Ok(_) => "a duration needs a unit".into(),
                };
                self.say(Problem::new(node.span, format!("`{key}`: {why}")).maybe(help.map(str::to_owned)));
            }
            _ => self.expected(node, key, "a duration like 200ms, 5m or 1h30m"),
        }
    }

    fn work(&mut self, node: &Node, key: &str) {
        match node.text().filter(|text| text.contains('(')).map(drawn_from) {
            Some(Err(why)) => self.say(Problem::new(node.span, format!("`{key}`: {why}"))),
            Some(Ok(_)) => {}
            None => self.duration(node, key, None),
        }
    }

    fn expression(&mut self, node: &Node, key: &str, parse: fn(&str) -> Result<Expression, ExpressionError>) {
        match &node.kind {
            NodeKind::Text(text) => match parse(text) {
                Err(error) => self.bad_expression(node, text, error),
                Ok(e) if e.source().contains("{{") => {
                    let span = inside(self.source, node.span, text, text.find("{{").unwrap_or(0));
                    let message = format!("`{key}` is an expression already, so `{{{{` in it means nothing");
                    self.say(Problem::new(span, message).help("leave `{{ }}` and the quotes around it off"));
                }
                Ok(_) => {}
            },
            NodeKind::Bool(_) | NodeKind::Number(_) => {}
            NodeKind::List(_) => self.constant(node),
            _ => self.expected(node, key, "an expression"),
        }
    }

    /// A list that stands where an expression may: it means itself.
    fn constant(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Text(text) if text.contains("{{") => {
                let message = "a list that is written out takes no `{{ … }}`";
                self.say(Problem::new(node.span, message).help("write the list as an expression: \"[inputs.a, inputs.b]\""));
            }
            NodeKind::List(items) => items.iter().for_each(|n| self.constant(n)),
            NodeKind::Map(entries) => {
                self.keys_are_texts(node);
                entries.iter().for_each(|(_, n)| self.constant(n));
            }
            _ => {}
        }
    }

    fn template(&mut self, node: &Node, key: &str) {
        match &node.kind {
            NodeKind::Text(text) if text.trim().is_empty() && key == "run" => {
                self.say(Problem::new(node.span, "`run` is an empty text"));
            }
            NodeKind::Text(text) if key == "run" => match Template::parse(text).and_then(|t| t.check_shell()) {
                Ok(()) => {}
                Err(error) => self.bad_expression(node, text, error),
            },
            NodeKind::Text(text) => self.bindings_of(node, text),
            NodeKind::Bool(_) => {}
            NodeKind::Number(n) if n.is_i64() || n.is_u64() => {}
            NodeKind::Number(_) | NodeKind::NotFinite(_) => {
                let message = format!("`{key}` must be a text, but is {}", node.given());
                self.say(Problem::new(node.span, message).help("put it in quotes, so that no digit is lost"));
            }
            _ => self.expected(node, key, "a text"),
        }
    }

    fn bindings_of(&mut self, node: &Node, text: &str) {
        if let Err(error) = Template::parse(text) {
            self.bad_expression(node, text, error);
        }
    }

    fn bad_expression(&mut self, node: &Node, text: &str, error: ExpressionError) {
        let span = inside(self.source, node.span, text, error.offset);
        self.say(Problem::new(span, error.message).maybe(error.help));
    }

    fn binding(&mut self, node: &Node) {
        if self.is_bare_braces(node) {
            return;
        }
        match &node.kind {
            NodeKind::Text(text) => self.bindings_of(node, text),
            NodeKind::NotFinite(_) => {
                self.say(Problem::new(node.span, format!("{} is not data that JSON can hold", node.given())))
            }
            NodeKind::List(items) => items.iter().for_each(|n| self.binding(n)),
            NodeKind::Map(entries) => {
                self.keys(entries);
                entries.iter().for_each(|(_, n)| self.binding(n));
            }
            _ => {}
        }
    }

    fn keys_are_texts(&mut self, node: &Node) {
        if self.is_bare_braces(node) {
            return;
        }
        match &node.kind {
            NodeKind::NotFinite(_) => {
                self.say(Problem::new(node.span, format!("{} is not data that JSON can hold", node.given())))
            }
            NodeKind::List(items) => items.iter().for_each(|n| self.keys_are_texts(n)),
            NodeKind::Map(entries) => {
                self.keys(entries);
                entries.iter().for_each(|(_, n)| self.keys_are_texts(n));
            }
            _ => {}
        }
    }

    /// Every key is a text and given once.
    fn keys(&mut self, entries: &[(Key, Node)]) {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for (key, _) in entries {
            let Some(name) = &key.name else {
                self.say(Problem::new(key.span, "a key must be a text, but is a list or a map"));
                continue;
            };
            if let Some(first) = seen.get(name.as_str()) {
                let message = format!("the key \"{name}\" is given twice, first at {}:{}", first.line, first.column);
                self.say(Problem::new(key.span, message));
            } else {
                seen.insert(name, key.span);
            }
        }
    }

    /// `{{ x }}` without quotes is a map whose key is a map, to YAML.
    fn is_bare_braces(&mut self, node: &Node) -> bool {
        let NodeKind::Map(entries) = &node.kind else { return false };
        let bare = matches!(&entries[..], [(Key { name: None, .. }, value)] if value.is_null());
        if bare {
            let problem = Problem::new(node.span, "YAML reads `{{ … }}` without quotes as a map");
            self.say(problem.help("put it in quotes: \"{{ … }}\""));
        }
        bare
    }

    fn map(&mut self, node: &Node, value: &Kind, key: &str) {
        let Some(entries) = node.map() else {
            return self.expected(node, key, "a map");
        };
        if self.is_bare_braces(node) {
            return;
        }
        self.keys(entries);
        for (k, v) in entries {
            if let Some(name) = &k.name {
                self.check(v, value, &format!("{key}.{name}"));
            }
        }
    }

    fn either(&mut self, node: &Node, kinds: &[Kind], key: &str) {
        let form = |kind: &Kind| match kind {
            Kind::Record(_) | Kind::Map(_) => matches!(node.kind, NodeKind::Map(_)),
            Kind::List(_) => matches!(node.kind, NodeKind::List(_)),
            Kind::Words(_) | Kind::Text | Kind::Template => matches!(node.kind, NodeKind::Text(_)),
            Kind::Whole(_) | Kind::Count(..) | Kind::Number(..) => matches!(node.kind, NodeKind::Number(_)),
            Kind::Duration | Kind::MeanTime(_) | Kind::Work => matches!(node.kind, NodeKind::Text(_) | NodeKind::Number(_)),
            _ => false,
        };
        match kinds.iter().find(|k| form(k)) {
            Some(kind) => self.check(node, kind, key),
            None => {
                let words: Vec<String> = kinds.iter().map(kind_words).collect();
                self.expected(node, key, &words.join(" or "));
            }
        }
    }

    fn strategy(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Text(_) => self.text(node, "strategy"),
            NodeKind::Map(_) if self.is_bare_braces(node) => {}
            NodeKind::Map(entries) => match &entries[..] {
                [(Key { name: Some(_), .. }, settings)] if matches!(settings.kind, NodeKind::Map(_) | NodeKind::Null) => {
                    self.keys_are_texts(settings);
                }
                [(Key { name: Some(name), .. }, settings)] => {
                    self.expected(settings, &format!("strategy.{name}"), "a map of settings");
                }
                _ => {
                    let message = "a strategy is one word, or one key with its settings";
                    self.say(Problem::new(node.span, message).help("write { market: { deadline: 200ms } }"));
                }
            },
            _ => self.expected(node, "strategy", "one word, or one key with its settings"),
        }
    }

    /// A map with known keys.
    pub(crate) fn record(&mut self, node: &Node, record: &Record, key: &str) {
        let Some(entries) = node.map() else {
            if self.is_bare_braces(node) {
                return;
            }
            let what = if key.is_empty() { record.what.to_owned() } else { format!("`{key}`") };
            return self.say(Problem::new(node.span, format!("{what} must be a map, but is {}", node.given())));
        };
        if self.is_bare_braces(node) {
            return;
        }
        self.keys(entries);
        for (k, value) in entries {
            let Some(name) = &k.name else { continue };
            match record.keys.iter().find(|f| f.name == *name) {
                Some(field) => self.field(k, value, field, record),
                None => self.unknown(k, name, record),
            }
        }
        for field in record.keys.iter().filter(|f| f.required && node.get(f.name).is_none()) {
            self.say(Problem::new(node.span, format!("{} needs `{}`", record.what, field.name)));
        }
    }

    fn field(&mut self, key: &Key, value: &Node, field: &Field, record: &Record) {
        if !field.built {
            self.say(Problem::new(key.span, format!("`{}` of {} is not built yet ({})", field.name, record.what, field.about)));
        } else if value.is_null() && !matches!(field.kind, Kind::Any | Kind::Binding) {
            self.say(Problem::new(key.span, format!("`{}` is given without a value", field.name)));
        } else {
            self.check(value, &field.kind, field.name);
        }
    }

    fn unknown(&mut self, key: &Key, name: &str, record: &Record) {
        let message = format!("{} has no key \"{name}\"", record.what);
        let help = match nearest(name, record.keys.iter().map(|f| f.name)) {
            Some(word) => format!("did you mean \"{word}\"?"),
            None => {
                let all: Vec<&str> = record.keys.iter().filter(|f| f.built).map(|f| f.name).collect();
                format!("its keys are {}", all.join(", "))
            }
        };
        self.say(Problem::new(key.span, message).help(help));
    }
}

fn list(words: &[Word]) -> String {
    words.iter().filter(|w| w.1).map(|w| w.0).collect::<Vec<_>>().join(", ")
}

fn kind_words(kind: &Kind) -> String {
    match kind {
        Kind::Words(words) => list(words),
        Kind::Text | Kind::Template => "a text".into(),
        Kind::Whole(least) => format!("a whole number, at least {least}"),
        Kind::Count(least, most) => format!("a whole number in {least}..={most}"),
        Kind::Number(low, high) => format!("a number in {low}..={high}"),
        Kind::Duration | Kind::MeanTime(_) | Kind::Work => "a duration like 5m".into(),
        Kind::List(_) => "a list".into(),
        _ => "a map".into(),
    }
}
