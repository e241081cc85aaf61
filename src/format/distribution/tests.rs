//! Documents of the kinds that there are, and broken ones.

use super::{Distribution, Line, OsVersion};
use crate::block::saying::{assert_said, said};

/// Of the shape that `productbuild` writes.
const PRODUCT: &str = r##"<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
    <pkg-ref id="org.example.lion"><bundle-version/></pkg-ref>
    <product id="org.example.product" version="1.0"/>
    <title>Lion</title>
    <options customize="never" require-scripts="false" hostArchitectures="x86_64"/>
    <volume-check><allowed-os-versions><os-version min="10.7" before="10.7.5"/></allowed-os-versions></volume-check>
    <choices-outline><line choice="default"><line choice="one"/></line><line choice="two"/></choices-outline>
    <choice id="default" title="all"/>
    <choice id="one" visible="false" start_selected="false"><pkg-ref id="org.example.lion"/></choice>
    <choice id="two"/>
    <pkg-ref id="org.example.lion" version="1.2" onConclusion="RequireRestart" installKBytes="172">#Lion.pkg</pkg-ref>
</installer-gui-script>"##;

/// Of the shape that catalogs have, with texts in two languages.
const CATALOG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE installer-gui-script>
<installer-gui-script minSpecVersion="1">
<title>SU_TITLE</title>
<localization>
<strings language="German"><![CDATA["SU_TITLE" = "L\"owe";]]></strings>
<strings language="English"><![CDATA[
/* a comment */
"SU_TITLE"	=	"Lion &amp; Server";
"SU_VERS" = "10.7.5";
'SU_DESCRIPTION' = 'one
two';
]]></strings></localization>
<auxinfo><dict><key>BUILD</key><string>11G63</string><key>VERSION</key><string>10.7.5</string></dict></auxinfo>
<installation-check script="check();"/>
<script>function check() { return true; }</script>
<choice id="su"><pkg-ref id="a" auth="Root">a.pkg</pkg-ref></choice>
<choices-outline ui="SoftwareUpdate"><line choice="su"/></choices-outline>
</installer-gui-script>"#;

#[test]
fn a_products_document_is_read() {
    let dist = Distribution::parse(PRODUCT.as_bytes()).unwrap();
    assert_eq!((dist.title.as_deref(), dist.spec.as_deref()), (Some("Lion"), Some("2")));
    let product = (Some("org.example.product".into()), Some("1.0".into()));
    assert_eq!(dist.product, Some(product));
    assert_eq!(dist.options[0], ("customize".into(), "never".into()));
    let line = |choice: &str, depth| Line { choice: choice.into(), depth };
    assert_eq!(dist.outline, [line("default", 0), line("one", 1), line("two", 0)]);
    let one = &dist.choices[1];
    assert_eq!((one.visible, one.selected.as_deref()), (false, Some("false")));
    assert_eq!(one.packages, ["org.example.lion"]);
    let [package] = &dist.packages[..] else { panic!("{:?}", dist.packages) };
    assert_eq!((package.file.as_deref(), package.kib), (Some("#Lion.pkg"), Some(172)));
    assert_eq!(package.on_conclusion.as_deref(), Some("RequireRestart"));
    assert_eq!((dist.volume_check, dist.installation_check), (false, false));
    let allowed = OsVersion { min: Some("10.7".into()), before: Some("10.7.5".into()) };
    assert_eq!(dist.allowed, [allowed]);
    for (version, takes) in [
        ("10.6.8", false),
        ("10.7", true),
        ("10.7.0", true),
        ("10.7.4", true),
        ("10.7.5", false),
        ("10.10", false),
    ] {
        assert_eq!(dist.allows(version), takes, "{version}");
    }
}

#[test]
fn a_catalogs_document_has_its_texts() {
    let dist = Distribution::parse(CATALOG.as_bytes()).unwrap();
    assert_eq!(dist.title.as_deref(), Some("Lion &amp; Server"), "CDATA is as it stands");
    assert_eq!(dist.os_version.as_deref(), Some("10.7.5"));
    assert_eq!(dist.os_build.as_deref(), Some("11G63"));
    assert_eq!(dist.texts["SU_DESCRIPTION"], "one\ntwo");
    assert!(dist.installation_check && !dist.volume_check);
    assert_eq!(dist.script_bytes, 33);
    assert_eq!(dist.packages[0].auth.as_deref(), Some("Root"));
    assert!(dist.allows("10.4"));
    let german = CATALOG.replace("English", "French");
    let dist = Distribution::parse(german.as_bytes()).unwrap();
    assert_eq!(dist.title.as_deref(), Some("L\"owe"));
}

#[test]
fn each_broken_element_is_named() {
    let rows = [
        ("<choice/>", "choice is \"\": one without an id"),
        ("<pkg-ref/>", "pkg-ref is \"\": one without an id"),
        ("<pkg-ref id='a' installKBytes='x'/>", "installKBytes is \"x\": not a number"),
        (
            "<choices-outline><line choice='a'/></choices-outline>",
            "line is \"a\": a line of the outline without its choice",
        ),
        ("<title>&t;</title>", "entity is \"t\": an entity other than XML's own five"),
    ];
    assert_said(rows.map(|(body, text)| {
        let script = format!("<installer-gui-script>{body}</installer-gui-script>");
        (said(Distribution::parse(script.as_bytes())), format!("distribution: {text}"))
    }));
    let other = said(Distribution::parse(b"<pkg-info/>"));
    assert_eq!(other, "distribution: root element is \"pkg-info\": not an installer's script");
    assert!(Distribution::parse(b"<installer-script/>").is_ok());
}
