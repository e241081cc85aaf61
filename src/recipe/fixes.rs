//! The fixes that are part of this program, and those that recipes name.

use crate::recipe::fix::parse as parse_fix;
use crate::recipe::mistake::nearest;
use crate::recipe::{Action, Fix, FixUse, Mistake, Position, Text};

/// Id and text of each.
const ALL: [(&str, &str); 15] = [
    ("stable-ipv6", include_str!("../../recipes/fixes/stable-ipv6.toml")),
    ("apache-digest-freeze", include_str!("../../recipes/fixes/apache-digest-freeze.toml")),
    ("printer-sharing", include_str!("../../recipes/fixes/printer-sharing.toml")),
    ("push-mail", include_str!("../../recipes/fixes/push-mail.toml")),
    ("ldap-referrals", include_str!("../../recipes/fixes/ldap-referrals.toml")),
    ("remote-desktop-unboxed", include_str!("../../recipes/fixes/remote-desktop-unboxed.toml")),
    ("swupdate-enable-all", include_str!("../../recipes/fixes/swupdate-enable-all.toml")),
    ("swupdate-subfolders", include_str!("../../recipes/fixes/swupdate-subfolders.toml")),
    ("swupdate-reset-catalog", include_str!("../../recipes/fixes/swupdate-reset-catalog.toml")),
    ("skip-setup-assistant", include_str!("../../recipes/fixes/skip-setup-assistant.toml")),
    ("create-admin-user", include_str!("../../recipes/fixes/create-admin-user.toml")),
    ("enable-ssh", include_str!("../../recipes/fixes/enable-ssh.toml")),
    ("enable-remote-management", include_str!("../../recipes/fixes/enable-remote-management.toml")),
    ("unattended-disk", include_str!("../../recipes/fixes/unattended-disk.toml")),
    ("hardware-notes", include_str!("../../recipes/fixes/hardware-notes.toml")),
];

/// The ids of all built-in fixes.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(id, _)| *id)
}

/// The text of a built-in fix.
#[must_use]
pub fn text(id: &str) -> Option<Text> {
    let (id, text) = ALL.iter().find(|(known, _)| *known == id)?;
    Some(Text { file: format!("fixes/{id}"), text: (*text).to_owned() })
}

/// The built-in fix whose id is nearest to one that is none.
#[must_use]
pub fn similar(id: &str) -> Option<&'static str> {
    nearest(id, ids())
}

/// Parses a fix's text.
///
/// # Errors
/// Every mistake in it, ordered by place.
pub fn parse(text: &Text) -> Result<Fix, Vec<Mistake>> {
    parse_fix(text)
}

/// Puts the fixes into a recipe's steps that name them.
pub(super) fn resolve(
    steps: &mut [crate::recipe::Step],
    file: &str,
    find: &dyn Fn(&str, &str) -> Result<Text, String>,
    mistakes: &mut Vec<Mistake>,
) {
    for step in steps {
        let Action::Fix(used) = &mut step.action else { continue };
        match load(used, file, find, &step.at) {
            Ok(fix) => *used.fix = fix,
            Err(more) => mistakes.extend(more),
        }
    }
}

fn load(
    used: &FixUse,
    file: &str,
    find: &dyn Fn(&str, &str) -> Result<Text, String>,
    at: &Position,
) -> Result<Fix, Vec<Mistake>> {
    let mistake = |message: String, near: Option<&str>| {
        vec![Mistake { at: at.clone(), message, suggestion: near.map(str::to_owned) }]
    };
    let text = match text(&used.id) {
        Some(text) => text,
        None if used.id.contains('/') || used.id.ends_with(".toml") => {
            find(&used.id, file).map_err(|message| mistake(message, None))?
        }
        None => {
            let message = format!("there is no fix `{}`", used.id);
            return Err(mistake(message, similar(&used.id)));
        }
    };
    let fix = parse(&text)?;
    if let Some(way) = used.deliver.filter(|way| !fix.deliveries.contains(way)) {
        let ways: Vec<_> = fix.deliveries.iter().map(|way| way.word()).collect();
        let message = format!(
            "the fix `{}` cannot be delivered by `{}`: it reaches a system by {}",
            fix.id,
            way.word(),
            ways.join(", ")
        );
        return Err(mistake(message, None));
    }
    for (index, (name, _)) in used.params.iter().enumerate() {
        let names = || fix.params.iter().map(|param| param.name.as_str());
        if !names().any(|known| known == name) {
            let message = format!("the fix `{}` has no param `{name}`", fix.id);
            return Err(mistake(message, nearest(name, names())));
        }
        if used.params[..index].iter().any(|(other, _)| other == name) {
            return Err(mistake(format!("the param `{name}` is given twice"), None));
        }
    }
    for param in &fix.params {
        let given = used.params.iter().find(|(name, _)| *name == param.name);
        if given.is_none() && param.default.is_none() {
            let message = format!("the fix `{}` needs the param `{}`", fix.id, param.name);
            return Err(mistake(message, None));
        }
        if let Some((_, value)) = given
            && param.secret
            && !value.starts_with('{')
            && !["env:", "pbkdf2:", "sha512:"].iter().any(|kind| value.starts_with(kind))
        {
            let message = format!(
                "`{}` is a password: give a hash, a variable of the environment (`env:NAME`), or a param",
                param.name
            );
            return Err(mistake(message, None));
        }
    }
    Ok(fix)
}
