//! The `lostwrite` command.

fn main() {}
