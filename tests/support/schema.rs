//! A judge of our own for JSON Schemas: the few keywords that ours use. What
//! it does not know makes it fail, so nothing passes unjudged. The `judges`
//! tests ask an outsider the same.

use serde_json::{Map, Value};

/// A schema, and what it refers to in itself.
pub(crate) struct Schema(Value);

/// The schema of a line of `--json`.
pub(crate) fn events() -> Schema {
    Schema::parse(include_str!("../../schemas/events.json"))
}

/// Words that say nothing about the value.
const REMARKS: [&str; 8] =
    ["$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples"];

impl Schema {
    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    /// What is wrong with a value: nothing, when it is right.
    pub(crate) fn faults(&self, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.judge(&self.0, value, "", &mut faults);
        faults
    }

    /// Fails unless a stream of lines keeps the contract: each line is right,
    /// and the last one, and only that, is the result.
    #[track_caller]
    pub(crate) fn holds(&self, lines: &str) {
        let results: Vec<bool> = lines
            .lines()
            .map(|line| {
                let value: Value = serde_json::from_str(line).unwrap_or_else(|error| {
                    panic!("{line:?} is no JSON: {error}");
                });
                let faults = self.faults(&value);
                assert!(faults.is_empty(), "schemas/events.json: {faults:#?}\n{line}");
                value.get("result").is_some()
            })
            .collect();
        let ends = results.iter().rposition(|result| !result).map_or(0, |last| last + 1);
        assert_eq!(ends + 1, results.len(), "one result, the last line:\n{lines}");
    }

    /// The names of the definitions under `$defs` that a value keeps to.
    pub(crate) fn kinds(&self, value: &Value) -> Vec<String> {
        let defs = self.0["$defs"].as_object().unwrap().iter();
        let fits = |schema: &Value| {
            let mut faults = Vec::new();
            self.judge(schema, value, "", &mut faults);
            faults.is_empty()
        };
        defs.filter(|(_, schema)| fits(schema)).map(|(name, _)| name.clone()).collect()
    }

    /// The names of all definitions.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0["$defs"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// What is said at a place, such as `/$defs/step/properties`.
    pub(crate) fn at(&self, place: &str) -> Option<&Value> {
        self.0.pointer(place)
    }

    fn judge(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let rules = match schema {
            Value::Object(rules) => rules,
            Value::Bool(true) => return,
            _ => return faults.push(format!("{at}: nothing may stand here")),
        };
        for (rule, want) in rules {
            let right = match rule.as_str() {
                "type" => has_type(want, value),
                "const" => want == value,
                "enum" => want.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|n| n >= want.as_f64().unwrap()),
                "minLength" => value.as_str().is_none_or(|t| t.len() as u64 >= number(want)),
                "minItems" => value.as_array().is_none_or(|a| a.len() as u64 >= number(want)),
                "minProperties" => value.as_object().is_none_or(|o| o.len() as u64 >= number(want)),
                "maxProperties" => value.as_object().is_none_or(|o| o.len() as u64 <= number(want)),
                "pattern" => value.as_str().is_none_or(|text| fits(want.as_str().unwrap(), text)),
                "$ref" => {
                    let place = want.as_str().unwrap().strip_prefix('#').unwrap();
                    let to = self.0.pointer(place).unwrap_or_else(|| panic!("no {want}"));
                    self.judge(to, value, at, faults);
                    true
                }
                "oneOf" | "anyOf" => {
                    self.choose(rule == "oneOf", want, value, at, faults);
                    true
                }
                "not" => !self.accepts(want, value),
                "required" | "properties" | "additionalProperties" | "propertyNames" => true,
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.judge(want, item, &format!("{at}/{index}"), faults);
                    }
                    true
                }
                other => {
                    assert!(REMARKS.contains(&other), "{at}: what is `{other}`?");
                    true
                }
            };
            if !right {
                faults.push(format!("{at}: {value} is not {rule} {want}"));
            }
        }
        if let Value::Object(object) = value {
            self.object(rules, object, at, faults);
        }
    }

    fn accepts(&self, schema: &Value, value: &Value) -> bool {
        let mut faults = Vec::new();
        self.judge(schema, value, "", &mut faults);
        faults.is_empty()
    }

    /// Of several schemas one must fit; if none does, the nearest says why.
    fn choose(&self, only: bool, of: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let tried = of.as_array().unwrap().iter().map(|schema| {
            let mut faults = Vec::new();
            self.judge(schema, value, at, &mut faults);
            faults
        });
        let tried: Vec<_> = tried.collect();
        match tried.iter().filter(|faults| faults.is_empty()).count() {
            0 => faults.extend(tried.into_iter().min_by_key(Vec::len).unwrap_or_default()),
            1 => {}
            n if only => faults.push(format!("{at}: {n} of a `oneOf` fit")),
            _ => {}
        }
    }

    fn object(
        &self,
        rules: &Map<String, Value>,
        object: &Map<String, Value>,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        for key in rules.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !object.contains_key(key.as_str().unwrap()) {
                faults.push(format!("{at}: {key} is missing"));
            }
        }
        let known = rules.get("properties").and_then(Value::as_object);
        for (key, value) in object {
            let at = format!("{at}/{key}");
            if let Some(names) = rules.get("propertyNames") {
                self.judge(names, &Value::from(key.as_str()), &at, faults);
            }
            match (known.and_then(|known| known.get(key)), rules.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema)) => self.judge(schema, value, &at, faults),
                (None, None) => {}
            }
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn has_type(want: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("what type is {other}?"),
    };
    match want {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}

/// Patterns of the one form that ours have: `^[a-f0-9]{64}$`, or `*`, `+` for
/// the number, perhaps several in a row.
fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.strip_prefix('^').and_then(|p| p.strip_suffix('$')).unwrap();
    let mut chars = text.chars().peekable();
    while !rest.is_empty() {
        let (class, after) = rest.strip_prefix('[').unwrap().split_once(']').unwrap();
        let (least, most, after) = match after.chars().next() {
            Some('*') => (0, usize::MAX, &after[1..]),
            Some('+') => (1, usize::MAX, &after[1..]),
            Some('{') => {
                let (count, after) = after[1..].split_once('}').unwrap();
                let count = count.parse().unwrap();
                (count, count, after)
            }
            _ => (1, 1, after),
        };
        let mut count = 0;
        while count < most && chars.next_if(|c| in_class(class, *c)).is_some() {
            count += 1;
        }
        if count < least {
            return false;
        }
        rest = after;
    }
    chars.next().is_none()
}

fn in_class(class: &str, c: char) -> bool {
    let class: Vec<char> = class.chars().collect();
    let (not, class) = match class.split_first() {
        Some(('^', rest)) => (true, rest),
        _ => (false, class.as_slice()),
    };
    let mut at = 0;
    let mut found = false;
    while at < class.len() {
        match class[at..] {
            [from, '-', to, ..] => {
                found |= (from..=to).contains(&c);
                at += 3;
            }
            [one, ..] => {
                found |= one == c;
                at += 1;
            }
            [] => break,
        }
    }
    found != not
}
