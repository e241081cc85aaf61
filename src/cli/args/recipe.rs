//! `lionize recipe`.

use clap::Subcommand;

/// `lionize recipe`.
#[derive(Debug, Subcommand)]
pub enum Recipe {
    /// List the built-in recipes
    List,
    /// Show a recipe's text, or what it says as JSON
    Show {
        /// A built-in recipe's name or a recipe file
        recipe: String,
    },
    /// Name every mistake in recipe files, by line and column
    Check {
        /// Built-in recipes' names or recipe files
        #[arg(required = true, value_name = "RECIPE")]
        recipes: Vec<String>,
    },
}
