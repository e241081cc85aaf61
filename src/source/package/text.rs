//! `PackageInfo` and `Distribution`, written.

use crate::source::package::Component;
use quick_xml::escape::escape;

/// A component in a product archive.
pub(super) struct Line<'a> {
    pub(super) part: &'a Component<'a>,
    /// Its folder's name.
    pub(super) file: String,
    pub(super) kib: u64,
}

/// What a component package says of itself. Folders that are there keep their
/// owners and modes, and nothing is looked for in other places.
pub(super) fn package_info(part: &Component<'_>, entries: u64, kib: u64) -> String {
    let location = part
        .location
        .map_or_else(String::new, |location| format!(" install-location=\"{}\"", escape(location)));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <pkg-info overwrite-permissions=\"false\" relocatable=\"false\" identifier=\"{}\" \
         postinstall-action=\"none\" version=\"{}\" format-version=\"2\"{location} auth=\"root\">\n\
         \x20   <payload numberOfFiles=\"{entries}\" installKBytes=\"{kib}\"/>\n",
        escape(part.identifier),
        escape(part.version),
    );
    if !part.scripts.is_empty() {
        text += "    <scripts>\n";
        for (name, _) in part.scripts {
            let name = escape(*name);
            text += &format!("        <{name} file=\"./{name}\"/>\n");
        }
        text += "    </scripts>\n";
    }
    text + "</pkg-info>\n"
}

/// What an installer does with a product archive: installs all of it, in
/// order, and asks nothing. It has no `allowed-os-versions`: an installer's
/// environment is no system that such lists know.
pub(super) fn distribution(title: &str, lines: &[Line<'_>]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <installer-gui-script minSpecVersion=\"1\">\n\
         \x20   <title>{}</title>\n\
         \x20   <options customize=\"never\" require-scripts=\"false\"/>\n\
         \x20   <choices-outline>\n",
        escape(title)
    );
    let id = |line: &Line<'_>| escape(line.part.identifier).into_owned();
    for line in lines {
        text += &format!("        <line choice=\"{}\"/>\n", id(line));
    }
    text += "    </choices-outline>\n";
    for line in lines {
        let id = id(line);
        text += &format!(
            "    <choice id=\"{id}\" title=\"{id}\" visible=\"false\">\n\
             \x20       <pkg-ref id=\"{id}\"/>\n    </choice>\n"
        );
    }
    for Line { part, file, kib } in lines {
        text += &format!(
            "    <pkg-ref id=\"{}\" version=\"{}\" onConclusion=\"none\" \
             installKBytes=\"{kib}\">#{}</pkg-ref>\n",
            escape(part.identifier),
            escape(part.version),
            escape(file.as_str())
        );
    }
    text + "</installer-gui-script>\n"
}
