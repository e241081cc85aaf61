//! `lionize recipe`.

use crate::cli::args::Kept;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `lionize recipe`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize recipe list
  lionize recipe show lion > my-lion.toml
  lionize recipe check ./my-lion.toml
  lionize recipe new lab --for 10.7 --output lab.toml")]
pub enum Recipe {
    /// List the recipes that have a name
    #[command(after_help = "Examples:
  lionize recipe list
  lionize recipe list --json")]
    List,
    /// Show a recipe's text, or what it says as JSON
    #[command(after_help = "Examples:
  lionize recipe show lion-server
  lionize recipe show lion > my-lion.toml")]
    Show {
        /// A recipe's name, file, address, or `-`
        recipe: String,
        /// Where one from an address is kept.
        #[command(flatten)]
        kept: Kept,
    },
    /// Name every mistake in recipes, by line and column
    #[command(after_help = "Examples:
  lionize recipe check ./my-lion.toml
  lionize recipe check lion lion-server
  lionize recipe check - < my-lion.toml")]
    Check {
        /// Recipes' names, files, addresses, or `-`
        #[arg(required = true, value_name = "RECIPE")]
        recipes: Vec<String>,
        /// Where those from an address are kept.
        #[command(flatten)]
        kept: Kept,
    },
    /// Write a new recipe, for a release and with fixes
    New(NewRecipe),
    /// Say in what two recipes differ in meaning
    #[command(after_help = "Examples:
  lionize recipe diff lion lion-server
  lionize recipe diff lion ./my-lion.toml --json")]
    Diff {
        /// A recipe's name, file, address, or `-`
        from: String,
        /// Another one
        to: String,
        /// Where those from an address are kept.
        #[command(flatten)]
        kept: Kept,
    },
    /// Print the JSON Schema of recipes, for editors
    #[command(after_help = "Examples:
  lionize recipe schema > lionize-recipe.json")]
    Schema,
}

/// `lionize recipe new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize recipe new lab --for 10.7 --output lab.toml
  lionize recipe new lab --for 10.8 --fix enable-ssh")]
pub struct NewRecipe {
    /// Its name: lower-case letters, digits, `-`
    pub name: String,
    /// The release that its installer installs, such as `10.7`
    #[arg(long = "for", value_name = "RELEASE")]
    pub release: String,
    /// Apply this fix; may be given more than once
    #[arg(long = "fix", value_name = "ID")]
    pub fixes: Vec<String>,
    /// The file to write; standard output when none is given
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
