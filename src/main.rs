//! The `lostwrite` command.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    lostwrite::cli::main().into()
}
