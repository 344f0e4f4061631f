//! Which files use which: the paths in a file, told as files, and the circles among them.
//!
//! A path is followed through `pub use` to the file that has what it names. Read are `use` items
//! and paths in code, not macros. Next to read: `tidy.rs`, the rules that are held with it.

use std::collections::{BTreeMap, BTreeSet};

/// A file's text without its comments, and without the tests at its end.
pub fn code(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..tests].lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path in a file's code; those of `use` items are written out, one for each name.
pub fn paths(code: String) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), String::new());
    for (_, items, after) in statements(&code) {
        found.extend(items);
        rest.push_str(after);
    }
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = rest.split(|c| !is_of_path(c)).map(|word| word.trim_matches(':'));
    found.extend(words.filter(|word| word.contains("::")).map(str::to_owned));
    found
}

/// The code before the first `use`, then each `use` with the code that follows it: whether it is
/// public, and its paths.
fn statements(code: &str) -> Vec<(bool, Vec<String>, &str)> {
    let mut all = Vec::new();
    let mut pieces = code.split("use ");
    let mut before = pieces.next().unwrap_or_default();
    all.push((false, Vec::new(), before));
    for piece in pieces {
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        let is_item = line.is_empty() || line.starts_with("pub");
        match piece.split_once(';') {
            Some((tree, after)) if is_item => {
                let mut items = Vec::new();
                written_out("", tree, &mut items);
                all.push((line.starts_with("pub"), items, after));
            }
            _ => all.push((false, Vec::new(), piece)),
        }
        before = piece;
    }
    all
}

/// The paths of a tree of `use`.
fn written_out(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    let mut branches = Vec::new();
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branches.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.push(&tree[start..]);
    for branch in branches.into_iter().map(str::trim).filter(|branch| !branch.is_empty()) {
        match branch.split_once('{') {
            Some((path, inner)) => {
                let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
                written_out(&format!("{prefix}{path}"), inner, found);
            }
            None => {
                let name = branch.split(" as ").next().unwrap_or(branch);
                found.push(format!("{prefix}{}", name.trim_end_matches("::self")));
            }
        }
    }
}

/// The files of one folder: what they use of each other.
struct Files {
    /// By module path: the file, and its code.
    modules: BTreeMap<String, (String, String)>,
    /// By module path: what it hands on of others.
    handed_on: BTreeMap<String, BTreeMap<String, String>>,
}

impl Files {
    fn new(files: Vec<(String, String)>) -> Files {
        let name = |path: &str| {
            let path = path.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
            path.trim_end_matches("::mod").to_owned()
        };
        let modules = files.into_iter().map(|(path, text)| (name(&path), (path, code(&text))));
        let mut files = Files { modules: modules.collect(), handed_on: BTreeMap::new() };
        for (module, (_, code)) in &files.modules {
            let public = statements(code).into_iter().filter(|(public, ..)| *public);
            let items = public.flat_map(|(_, items, _)| items);
            let absolute = items.filter_map(|item| files.absolute(module, &item));
            let by_name = absolute.map(|it| (it.rsplit("::").next().unwrap_or(&it).to_owned(), it));
            files.handed_on.insert(module.clone(), by_name.collect());
        }
        files
    }

    /// A path as it reads from the crate's root; `None` if it is of another crate.
    fn absolute(&self, module: &str, path: &str) -> Option<String> {
        let (first, rest) = path.split_once("::").unwrap_or((path, ""));
        let up = module.rsplit_once("::").map_or("", |(up, _)| up);
        match first {
            "crate" => Some(rest.to_owned()),
            "self" => Some(format!("{module}::{rest}")),
            "super" if rest.starts_with("super") => self.absolute(up, rest),
            "super" => Some(format!("{up}::{rest}")),
            _ => {
                let child = self.modules.contains_key(&format!("{module}::{first}"));
                child.then(|| format!("{module}::{path}"))
            }
        }
    }

    /// The module that has what an absolute path names.
    fn home(&self, path: &str, hops: u8) -> Option<String> {
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        let longest = ends.filter(|end| self.modules.contains_key(&path[..*end])).last()?;
        let (module, rest) = (&path[..longest], path[longest..].trim_start_matches("::"));
        let name = rest.split("::").next().unwrap_or_default();
        match self.handed_on.get(module).and_then(|names| names.get(name)) {
            Some(other) if hops > 0 && other != path => {
                self.home(&format!("{other}{}", &rest[name.len()..]), hops - 1)
            }
            _ => Some(module.to_owned()),
        }
    }

    fn uses(&self, module: &str) -> BTreeSet<String> {
        let paths = paths(self.modules[module].1.clone());
        let absolute = paths.iter().filter_map(|path| self.absolute(module, path));
        let homes = absolute.filter_map(|path| self.home(&path, 5));
        homes.filter(|home| home != module).collect()
    }
}

/// Each file that can be reached from itself, with the circle.
pub fn circles(files: Vec<(String, String)>) -> Vec<String> {
    let files = Files::new(files);
    let uses: BTreeMap<_, _> =
        files.modules.keys().map(|it| (it.clone(), files.uses(it))).collect();
    let circle = |start: &String| {
        let mut ways = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in &uses[way.last().expect("it starts somewhere")] {
                let mut longer = way.clone();
                longer.push(next.clone());
                if next == start {
                    return Some(longer.join(" -> "));
                }
                if seen.insert(next.clone()) {
                    ways.push(longer);
                }
            }
        }
        None
    };
    uses.keys().filter_map(circle).collect()
}

#[test]
fn a_circle_through_a_name_that_is_handed_on_is_found() {
    let file = |path: &str, text: &str| (format!("src/{path}"), text.to_owned());
    let facade = file("a/mod.rs", "mod one;\nmod two;\npub use one::One;\n");
    let one = file("a/one.rs", "use super::two::{self, Two};\npub struct One;\n");
    let back = file("a/two.rs", "// use super::One;\nfn f() { crate::a::One::new() }\n");
    let found = circles(vec![facade.clone(), one.clone(), back]);
    assert_eq!(found, ["a::one -> a::two -> a::one", "a::two -> a::one -> a::two"]);
    let down =
        file("a/two.rs", "use crate::b::Two;\n#[cfg(test)]\nmod tests {\nuse super::One;\n}");
    assert_eq!(circles(vec![facade, one, down]), [""; 0]);
}
