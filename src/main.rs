//! The doorway of the command line; the rooms are in `cli`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
