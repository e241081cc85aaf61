//! A plan: what will be made of what, decided before a byte is written.

use serde_json::Value;

/// Everything decided; writing it is all that is left.
pub struct Plan {
    id: String,
    bytes: u64,
    text: String,
    json: Value,
}

impl Plan {
    /// The plan's id: 64 hex digits over recipe, params, inputs and format version.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The bytes of the disk that will be made.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The plan for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The plan for programs.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.json
    }
}
