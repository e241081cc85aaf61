//! Key paths, values and conditions.

use serde::Serialize;

/// The keys and array indices that lead to a value, as in `Sockets:Listeners:0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyPath(pub Vec<String>);

impl std::fmt::Display for KeyPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|key| key.replace(':', "\\:")).collect();
        write!(f, "{}", parts.join(":"))
    }
}

/// A value for a property list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Real(f64),
    /// Text, which may hold placeholders.
    Text(String),
    /// A date in UTC, as RFC 3339 writes it.
    Date(String),
    /// Values in order.
    Array(Vec<Value>),
    /// Values by key, in the order of the text.
    Table(Vec<(String, Value)>),
}

/// Comparisons, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition(pub Vec<Comparison>);

/// One comparison, as in `installer.version >= 10.7.4`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The input, or `params`.
    pub of: String,
    /// The fact, or the param's name.
    pub fact: String,
    /// How.
    pub by: Operator,
    /// With what.
    pub value: String,
}

/// How two values are compared: as versions when both are, else as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "their names say it")]
pub enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}
