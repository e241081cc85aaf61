//! The command. See `lionize --help`.

fn main() {}
