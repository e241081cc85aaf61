//! `lionize schema`.

use clap::Subcommand;

/// `lionize schema`.
#[derive(Clone, Copy, Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize schema events > events.json")]
pub enum Schema {
    /// Of a line that `--json` prints: events, items, results
    #[command(after_help = "Examples:
  lionize schema events > events.json")]
    Events,
    /// Of recipes; `lionize recipe schema` is the same
    #[command(after_help = "Examples:
  lionize schema recipe > lionize-recipe.json")]
    Recipe,
    /// Of fixes; `lionize fix schema` is the same
    #[command(after_help = "Examples:
  lionize schema fix > lionize-fix.json")]
    Fix,
}
