//! `lionize recipe`.

use clap::Subcommand;

/// `lionize recipe`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize recipe list
  lionize recipe show lion > my-lion.toml
  lionize recipe check ./my-lion.toml")]
pub enum Recipe {
    /// List the built-in recipes
    #[command(after_help = "Examples:
  lionize recipe list
  lionize recipe list --json")]
    List,
    /// Show a recipe's text, or what it says as JSON
    #[command(after_help = "Examples:
  lionize recipe show lion-server
  lionize recipe show lion > my-lion.toml")]
    Show {
        /// A built-in recipe's name or a recipe file
        recipe: String,
    },
    /// Name every mistake in recipe files, by line and column
    #[command(after_help = "Examples:
  lionize recipe check ./my-lion.toml
  lionize recipe check lion lion-server")]
    Check {
        /// Built-in recipes' names or recipe files
        #[arg(required = true, value_name = "RECIPE")]
        recipes: Vec<String>,
    },
}
