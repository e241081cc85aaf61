//! Passwords of users, as their hashes.
//!
//! A value is `env:NAME` (a variable of the environment that holds the password)
//! or hashes with commas between: `pbkdf2:ITERATIONS:SALT:ENTROPY` for 10.8 and
//! later, `sha512:SALT-AND-DIGEST` for 10.7, all in hex. Facts: pycreateuserpkg's
//! and puppetlabs-stdlib's documentation of `ShadowHashData`.

use crate::engine::hash::hex;
use crate::engine::problem::{Problem, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plist::{Dictionary, Value};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, pbkdf2};
use std::num::NonZeroU32;

/// Macs use 30,000 to 50,000, by their speed.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(40_000).unwrap();
const SALT: usize = 32;
const ENTROPY: usize = 128;
/// A salt of 4 bytes, and a SHA-512 digest over it and the password.
const SALTED: usize = 4 + 64;

/// `ShadowHashData` for the systems that take it, in base64.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    /// For 10.8 and later.
    pub(super) pbkdf2: Option<String>,
    /// For 10.7.
    pub(super) sha512: Option<String>,
}

/// Hashes a password, with new salts.
///
/// # Errors
/// A [`Problem`]: the host has no random numbers, or there is no password.
pub fn hash_password(clear: &str) -> Result<String> {
    if clear.is_empty() {
        return Err(Problem::usage("an empty password is none"));
    }
    let (mut salt, mut short) = ([0; SALT], [0; 4]);
    let random = SystemRandom::new();
    let filled = random.fill(&mut salt).and_then(|()| random.fill(&mut short));
    filled.map_err(|_| Problem::ours("the host has no random numbers"))?;
    let mut entropy = [0; ENTROPY];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, ITERATIONS, &salt, clear.as_bytes(), &mut entropy);
    let digest = digest::digest(&digest::SHA512, &[&short, clear.as_bytes()].concat());
    Ok(format!(
        "pbkdf2:{ITERATIONS}:{}:{},sha512:{}{}",
        hex(salt),
        hex(entropy),
        hex(short),
        hex(digest.as_ref())
    ))
}

/// The same, of the kind that a version of the system takes: the other one would
/// only be one more to guess the password by. Both, where none is known.
///
/// # Errors
/// As [`hash_password`].
pub fn hash_password_for(clear: &str, version: Option<&str>) -> Result<String> {
    let both = hash_password(clear)?;
    let is_lion = |version: &str| version == "10.7" || version.starts_with("10.7.");
    let kind = match version.map(is_lion) {
        None => return Ok(both),
        Some(true) => "sha512:",
        Some(false) => "pbkdf2:",
    };
    Ok(both.split(',').find(|part| part.starts_with(kind)).unwrap_or(&both).to_owned())
}

/// What stands before the name of a variable.
const VARIABLE: &str = "env:";

/// Whether a value leads to a password in clear, which is hashed anew each time.
pub(super) fn is_clear(value: &str) -> bool {
    value.starts_with(VARIABLE)
}

/// Reads what was given for a secret.
pub(super) fn read(name: &str, value: &str) -> Result<Hashes> {
    match clear(name, value)? {
        Some(clear) => parse(name, &hash_password(&clear)?),
        None => parse(name, value),
    }
}

/// Whether [`read`] could, without the work of a hash.
pub(super) fn check(name: &str, value: &str) -> Result<()> {
    match clear(name, value)? {
        Some(clear) if clear.is_empty() => hash_password(&clear).map(drop),
        Some(_) => Ok(()),
        None => parse(name, value).map(drop),
    }
}

/// The password of a variable, when that is what was given.
fn clear(name: &str, value: &str) -> Result<Option<String>> {
    let Some(variable) = value.strip_prefix(VARIABLE) else { return Ok(None) };
    std::env::var(variable).map(Some).map_err(|_| {
        let sentence = format!("the variable `{variable}`, for `{name}`, is not set");
        Problem::usage(sentence).hint("set it in the environment, to the password")
    })
}

fn parse(name: &str, value: &str) -> Result<Hashes> {
    let mut hashes = Hashes::default();
    for part in value.split(',') {
        let fields: Vec<&str> = part.trim().split(':').collect();
        match fields.as_slice() {
            ["pbkdf2", iterations, salt, entropy] => {
                let count = iterations.parse::<u32>().ok().filter(|count| *count > 0);
                let (salt, entropy) = (bytes(salt, SALT), bytes(entropy, ENTROPY));
                let (Some(count), Some(salt), Some(entropy)) = (count, salt, entropy) else {
                    return Err(wrong(name, "a hash with 32 bytes of salt and 128 of entropy"));
                };
                let mut inner = Dictionary::new();
                inner.insert("entropy".into(), Value::Data(entropy));
                inner.insert("iterations".into(), Value::Integer(count.into()));
                inner.insert("salt".into(), Value::Data(salt));
                let inner = Value::Dictionary(inner);
                hashes.pbkdf2 = Some(shadow("SALTED-SHA512-PBKDF2", inner)?);
            }
            ["sha512", salted] => {
                let Some(salted) = bytes(salted, SALTED) else {
                    return Err(wrong(name, "a hash of 4 bytes of salt and 64 of digest"));
                };
                hashes.sha512 = Some(shadow("SALTED-SHA512", Value::Data(salted))?);
            }
            // Not the value itself: it may be a password.
            _ => return Err(wrong(name, "`env:NAME`, or a hash")),
        }
    }
    Ok(hashes)
}

/// How a secret is given.
pub(super) const FORMS: &str = "env:NAME (a variable with the password), ask, \
     pbkdf2:ITERATIONS:SALT:ENTROPY or sha512:SALT-AND-DIGEST, in hex";

fn wrong(name: &str, wanted: &str) -> Problem {
    Problem::usage(format!("`{name}` is a secret, and what was given is not {wanted}"))
        .hint(format!("give {FORMS}"))
}

fn bytes(digits: &str, len: usize) -> Option<Vec<u8>> {
    if digits.len() != len * 2 || !digits.is_ascii() {
        return None;
    }
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// A binary property list of one key.
fn shadow(kind: &str, value: Value) -> Result<String> {
    let mut list = Dictionary::new();
    list.insert(kind.into(), value);
    let mut data = Vec::new();
    let written = Value::Dictionary(list).to_writer_binary(&mut data);
    written.map_err(|error| Problem::ours("cannot store a property list").because(error))?;
    Ok(STANDARD.encode(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_made_of_a_password() {
        let text = hash_password("secret").unwrap();
        let hashes = read("password", &text).unwrap();
        let list = STANDARD.decode(hashes.pbkdf2.unwrap()).unwrap();
        let list = crate::format::proplist::parse(&list).unwrap();
        let inner = list.as_dictionary().unwrap()["SALTED-SHA512-PBKDF2"].as_dictionary().unwrap();
        let salt = inner["salt"].as_data().unwrap();
        let entropy = inner["entropy"].as_data().unwrap();
        assert_eq!(inner["iterations"].as_unsigned_integer(), Some(40_000));
        let right =
            pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA512, ITERATIONS, salt, b"secret", entropy);
        assert!(right.is_ok());
        let list = STANDARD.decode(hashes.sha512.unwrap()).unwrap();
        let list = crate::format::proplist::parse(&list).unwrap();
        let salted = list.as_dictionary().unwrap()["SALTED-SHA512"].as_data().unwrap();
        let digest = digest::digest(&digest::SHA512, &[&salted[..4], b"secret"].concat());
        assert_eq!(&salted[4..], digest.as_ref());
    }

    #[test]
    fn a_system_gets_the_kind_that_it_takes() {
        let kinds = |version: Option<&str>| {
            let text = hash_password_for("secret", version).unwrap();
            assert!(check("password", &text).is_ok());
            let hashes = read("password", &text).unwrap();
            (hashes.pbkdf2.is_some(), hashes.sha512.is_some())
        };
        assert_eq!(kinds(None), (true, true));
        assert_eq!(kinds(Some("10.7.5")), (false, true));
        assert_eq!(kinds(Some("10.12.6")), (true, false));
        assert!(hash_password_for("", Some("10.7")).is_err());
    }

    #[test]
    fn what_is_neither_is_refused_and_not_repeated() {
        for value in ["hunter2", "pbkdf2:0:00:00", "sha512:zz", "pbkdf2:1:é:00", ""] {
            let problem = read("password", value).unwrap_err();
            let wanted = match value.split(':').next().unwrap_or_default() {
                "pbkdf2" if value.matches(':').count() == 3 => {
                    "a hash with 32 bytes of salt and 128 of entropy"
                }
                "sha512" => "a hash of 4 bytes of salt and 64 of digest",
                _ => "`env:NAME`, or a hash",
            };
            assert_eq!(
                problem.to_string(),
                format!(
                    "`password` is a secret, and what was given is not {wanted}\n  hint: give env:NAME \
                     (a variable with the password), ask, pbkdf2:ITERATIONS:SALT:ENTROPY or \
                     sha512:SALT-AND-DIGEST, in hex"
                )
            );
            assert_eq!(check("password", value).unwrap_err(), problem);
        }
        let unset = read("password", "env:LIONIZE_NO_SUCH_VARIABLE").unwrap_err().to_string();
        assert_eq!(
            unset,
            "the variable `LIONIZE_NO_SUCH_VARIABLE`, for `password`, is not set\n  \
             hint: set it in the environment, to the password"
        );
        assert_eq!(hash_password("").unwrap_err().to_string(), "an empty password is none");
    }
}
