//! Where in a POSIX shell script a binding stands, and how a text is written there so that it stays data.
//!
//! Quotes inside quotes protect nothing: `"{{ x }}"` with `'$(cmd)'` put in would run `cmd`. So what is put in depends on where it is
//! put; where no form is safe (here-documents, backquotes, comments, arithmetic, …), the binding is refused when the script is read.

use super::text::shell_quote;

/// Where a binding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside of quotes: it becomes one quoted word, or a part of one.
    Word,
    /// Outside of quotes, right before `<` or `>`: bare digits would become a file descriptor.
    BeforeRedirection,
    /// Between double quotes.
    Double,
    /// Between single quotes.
    Single,
}

impl Place {
    /// The text, so that a shell reads it back as it is.
    pub(super) fn quote(self, text: &str) -> String {
        match self {
            Place::Word => shell_quote(text),
            Place::BeforeRedirection => format!("'{}'", text.replace('\'', r"'\''")),
            Place::Single => text.replace('\'', r"'\''"),
            Place::Double => text.chars().fold(String::with_capacity(text.len()), |mut all, c| {
                if matches!(c, '\\' | '"' | '$' | '`') {
                    all.push('\\');
                }
                all.push(c);
                all
            }),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Single,
    Double,
    /// `$'…'`
    Ansi,
    /// `(…)` and `$(…)`
    Paren,
    /// `${…}`
    Brace,
    /// `$((…))`
    Arithmetic,
    Backquote,
    Comment,
    /// A here-document that ends with a line that is this word; true if tabs before it don't count.
    Here(String, bool),
}

/// Follows a script from its beginning.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    stack: Vec<State>,
    /// Here-documents that begin at the next line.
    pending: Vec<(String, bool)>,
    /// The end of what was read: a backslash or dollar that would reach into the binding.
    dangling: Option<char>,
    /// The character before, for what only counts at the beginning of a word.
    before: Option<char>,
    /// True once a `case` stood where its `)` can't be told from the end of a `$(`.
    lost: bool,
}

impl Scanner {
    /// Where a binding stands that comes now, or why none can stand here.
    pub(super) fn place(&self) -> Result<Place, &'static str> {
        if self.lost {
            return Err("it comes after a `case` inside of \"$(…)\", where the shell's quoting can't be followed");
        }
        match self.dangling {
            Some('$') => return Err("the `$` before it would give its quotes another meaning; write {{ … }} without `$`"),
            Some(_) => return Err("the backslash before it would take away its quotes"),
            None => {}
        }
        match self.stack.last() {
            None => Ok(Place::Word),
            Some(State::Paren) if self.stack.iter().all(|s| matches!(s, State::Paren | State::Double)) => Ok(Place::Word),
            Some(State::Single) => Ok(Place::Single),
            Some(State::Double) if self.stack.iter().all(|s| matches!(s, State::Paren | State::Double)) => Ok(Place::Double),
            Some(State::Comment) => Err("it stands in a comment, which a line break would end"),
            Some(State::Here(..)) => Err("it stands in a here-document; use `stdin:` instead"),
            Some(State::Backquote) => Err("it stands between backquotes; write $(…) instead"),
            Some(State::Arithmetic) => Err("it stands in arithmetic; give it to a variable first: x={{ … }}; echo $((x + 1))"),
            _ => Err("it stands too deep in quotes and braces; give it to a variable first: x={{ … }}"),
        }
    }

    /// Reads on past a binding.
    pub(super) fn binding(&mut self) {
        (self.before, self.dangling) = (Some('x'), None);
    }

    /// Reads on.
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text;
        self.dangling = None;
        while let Some(c) = rest.chars().next() {
            let used = self.step(c, rest).max(c.len_utf8()).min(rest.len());
            self.before = rest[..used].chars().next_back();
            rest = &rest[used..];
        }
    }

    fn in_double(&self) -> bool {
        self.stack.contains(&State::Double)
    }

    /// Reads one thing that begins with `c`; gives its bytes.
    fn step(&mut self, c: char, rest: &str) -> usize {
        self.dangling = None;
        match self.stack.last().cloned() {
            Some(State::Single) => self.until(c, '\''),
            Some(State::Ansi) if c == '\\' => self.escaped(rest),
            Some(State::Ansi) => self.until(c, '\''),
            Some(State::Comment) if c == '\n' => {
                self.stack.pop();
                self.newline()
            }
            Some(State::Comment) => 0,
            Some(State::Here(word, tabs)) => self.here(&word, tabs, rest),
            _ if c == '\\' => self.escaped(rest),
            _ if c == '$' => self.dollar(rest),
            Some(State::Backquote) if c == '`' => self.pop(),
            _ if c == '`' => self.push(State::Backquote, 1),
            Some(State::Double) if c == '"' => self.pop(),
            Some(State::Double) => 0,
            _ if c == '"' => self.push(State::Double, 1),
            Some(State::Brace) if c == '}' => self.pop(),
            Some(State::Brace) if c == '\'' && !self.in_double() => self.push(State::Single, 1),
            Some(State::Brace) => 0,
            Some(State::Arithmetic) if rest.starts_with("))") => {
                self.stack.pop();
                2
            }
            Some(State::Arithmetic) if c == '(' => self.push(State::Paren, 1),
            Some(State::Arithmetic) => 0,
            top => self.command(c, rest, top.as_ref()),
        }
    }

    /// Where commands are read.
    fn command(&mut self, c: char, rest: &str, top: Option<&State>) -> usize {
        let starts_word = self.before.is_none_or(|b| b.is_whitespace() || matches!(b, ';' | '&' | '|' | '(' | ')'));
        match c {
            '\'' => self.push(State::Single, 1),
            '(' => self.push(State::Paren, 1),
            ')' if top == Some(&State::Paren) => self.pop(),
            '#' if starts_word => self.push(State::Comment, 1),
            '\n' => self.newline(),
            '<' if rest.starts_with("<<<") => 3,
            '<' if rest.starts_with("<<") => self.announce(rest),
            'c' if starts_word && rest.starts_with("case") => {
                let alone = rest[4..].chars().next().is_none_or(char::is_whitespace);
                self.lost |= alone && self.in_double();
                0
            }
            _ => 0,
        }
    }

    fn push(&mut self, state: State, bytes: usize) -> usize {
        self.stack.push(state);
        bytes
    }
    fn pop(&mut self) -> usize {
        self.stack.pop();
        1
    }
    fn until(&mut self, c: char, end: char) -> usize {
        if c == end { self.pop() } else { 0 }
    }
    fn escaped(&mut self, rest: &str) -> usize {
        match rest.chars().nth(1) {
            Some(next) => 1 + next.len_utf8(),
            None => {
                self.dangling = Some('\\');
                1
            }
        }
    }
    fn dollar(&mut self, rest: &str) -> usize {
        if rest.len() == 1 {
            self.dangling = Some('$');
            1
        } else if rest.starts_with("$((") {
            self.push(State::Arithmetic, 3)
        } else if rest.starts_with("$(") {
            self.push(State::Paren, 2)
        } else if rest.starts_with("${") {
            self.push(State::Brace, 2)
        } else if rest.starts_with("$'") && self.stack.last() != Some(&State::Double) {
            self.push(State::Ansi, 2)
        } else if rest.starts_with("$#") || rest.starts_with("$$") {
            2
        } else {
            1
        }
    }

    /// `<<WORD`: a here-document from the next line on.
    fn announce(&mut self, rest: &str) -> usize {
        let after = &rest[2..];
        let (tabs, after) = after.strip_prefix('-').map_or((false, after), |a| (true, a));
        let trimmed = after.trim_start_matches([' ', '\t']);
        let end = trimmed
            .find(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '<' | '>' | '(' | ')'))
            .unwrap_or(trimmed.len());
        let word: String = trimmed[..end].chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        self.pending.push((word, tabs));
        rest.len() - trimmed.len() + end
    }
    fn newline(&mut self) -> usize {
        for (word, tabs) in self.pending.drain(..).rev() {
            self.stack.push(State::Here(word, tabs));
        }
        1
    }
    /// One line of a here-document.
    fn here(&mut self, word: &str, tabs: bool, rest: &str) -> usize {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let line = rest[..end].trim_end_matches('\n');
        let line = if tabs { line.trim_start_matches('\t') } else { line };
        let at_start = self.before == Some('\n');
        // An empty word could be the beginning of one that a binding goes on with: then nothing ends the document.
        if at_start && line == word && !word.is_empty() {
            self.stack.pop();
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_in(before: &str) -> Result<Place, &'static str> {
        let mut scanner = Scanner::default();
        scanner.text(before);
        scanner.place()
    }

    #[test]
    fn places_are_told_apart() {
        for (before, place) in [
            ("echo ", Place::Word),
            ("echo \"a\" 'b' ", Place::Word),
            ("echo it\\'s ", Place::Word),
            ("echo \"", Place::Double),
            ("echo \"a\\\"b ", Place::Double),
            ("echo '\"", Place::Single),
            ("x=$(cat ", Place::Word),
            ("x=\"$(cat ", Place::Word),
            ("x=\"$(cat \"", Place::Double),
            ("x=\"$(cat a) ", Place::Double),
            ("echo ${x:-y} $# $$ ${#x} a#b ", Place::Word),
            ("echo $((1 + 2)) ", Place::Word),
            ("# it's\necho ", Place::Word),
            ("case x in a) echo ", Place::Word),
            ("cat <<EOF\nit's\nEOF\necho ", Place::Word),
            ("cat <<-'EOF'; x\n$(\n\tEOF\necho ", Place::Word),
            ("cat <<<x '", Place::Single),
            ("echo \"${x:-it's}\" ", Place::Word),
            ("echo `date` ", Place::Word),
            ("cat << EOF ", Place::Word),
        ] {
            assert_eq!(place_in(before), Ok(place), "{before}");
        }
        for before in [
            "echo $",
            "echo \\",
            "echo \"$",
            "echo `cat ",
            "echo $((",
            "# see ",
            "cat <<EOF\na ",
            "cat <<EOF\nEOFx\n",
            "echo ${x:-",
            "echo $'a",
            "x=\"$(case a in b) echo ",
            "cat <<EOF\n EOF\n",
        ] {
            assert!(place_in(before).is_err(), "{before}");
        }
    }
}
