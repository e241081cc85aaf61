//! Catalogs, whole and with one broken key.

use crate::source::catalog::Catalog;
use crate::source::catalog::check::check;

const GOOD: &str = r#"<?xml version="1.0"?>
<plist version="1.0"><dict>
<key>CatalogVersion</key><integer>2</integer>
<key>ApplePostURL</key><string></string>
<key>IndexDate</key><date>2023-11-02T19:41:35Z</date>
<key>New</key><true/>
<key>Products</key><dict>
 <key>11G63_ServerEssentials</key><dict>
  <key>PostDate</key><date>2019-10-22T17:17:39Z</date>
  <key>ServerMetadataURL</key><string>http://h/content/a/ServerEssentials.smd</string>
  <key>State</key><string>ramped</string>
  <key>DeferredSUEnablementDate</key><date>2019-10-23T00:00:00Z</date>
  <key>ExtendedMetaInfo</key><dict><key>ProductType</key><string>x</string></dict>
  <key>Other</key><integer>7</integer>
  <key>Packages</key><array><dict>
   <key>Size</key><integer>5</integer>
   <key>URL</key><string>http://h/content/a/ServerEssentials.pkg</string>
   <key>Digest</key><string>6FA299f4d56b33a669a575f1a2410730c5694cfb</string>
   <key>MetadataURL</key><string>https://h/content/a/ServerEssentials.pkm</string>
   <key>IntegrityDataURL</key><string>https://h/content/a/ServerEssentials.chunklist</string>
   <key>IntegrityDataSize</key><integer>328</integer>
   <key>More</key><string>m</string>
  </dict></array>
  <key>Distributions</key><dict>
   <key>ja</key><string>https://h/content/a/x.dst/x.ja.dist</string>
   <key>en</key><string>https://h/content/a/x.dst/x.en.dist</string>
  </dict>
 </dict>
 <key>bare</key><dict/>
</dict></dict></plist>
"#;

#[test]
fn all_keys_are_read_and_written_again() {
    let catalog = Catalog::parse(GOOD.as_bytes()).unwrap();
    let product = catalog.product("11G63_ServerEssentials").unwrap();
    assert_eq!(product.urls().count(), 6);
    assert_eq!(product.distribution(), Some("https://h/content/a/x.dst/x.en.dist"));
    let package = catalog.package("11G63_ServerEssentials", "ServerEssentials.pkg").unwrap();
    assert_eq!((package.size, product.size()), (5, 5));
    let digest = package.sha1().unwrap();
    assert_eq!(digest.as_deref(), Some("6fa299f4d56b33a669a575f1a2410730c5694cfb"));
    let bare = catalog.product("bare").unwrap();
    assert_eq!((bare.packages.len(), bare.posted, bare.distribution()), (0, None, None));
    assert!(catalog.rest.contains_key("New") && product.rest.contains_key("Other"));
    assert!(package.rest.contains_key("More"));
    let again = catalog.to_bytes().unwrap();
    assert_eq!(Catalog::parse(&again).unwrap(), catalog);
}

#[test]
fn what_is_broken_names_product_and_key() {
    let package = "product 11G63_ServerEssentials, package 1: package: ";
    let product = "product 11G63_ServerEssentials: product: ";
    for (from, to, told) in [
        ("<key>Size</key><integer>5</integer>", "", format!("{package}Size is \"\": missing")),
        (
            "<integer>5</integer>",
            "<integer>-5</integer>",
            format!("{package}Size is \"-5\": not a whole number from 0"),
        ),
        (
            "<integer>5</integer>",
            "<string>5</string>",
            format!("{package}Size is \"5\": not a whole number from 0"),
        ),
        (
            "<string>http://h/content/a/ServerEssentials.pkg</string>",
            "<array/>",
            format!("{package}URL is \"an array\": not a string"),
        ),
        ("<key>URL</key>", "<key>Url</key>", format!("{package}URL is \"\": missing")),
        (
            "<key>IntegrityDataURL</key>",
            "<key>Integrity</key>",
            format!("{package}IntegrityDataURL is \"\": missing"),
        ),
        ("<array><dict>", "<array><true/><dict>", {
            format!("{package}contents is \"true\": not a dictionary")
        }),
        (
            "<date>2019-10-22T17:17:39Z</date>",
            "<string>yesterday</string>",
            format!("{product}PostDate is \"yesterday\": not a date"),
        ),
        (
            "<key>State</key><string>ramped</string>",
            "<key>State</key><real>1.5</real>",
            format!("{product}State is \"1.5\": not a string"),
        ),
        ("<string>https://h/content/a/x.dst/x.ja.dist</string>", "<data>AA==</data>", {
            format!("{product}Distributions is \"data\": not a string")
        }),
        ("<key>bare</key><dict/>", "<key>ba\u{1b}re</key><integer>1</integer>", {
            "product ba\\u{1b}re: product: contents is \"1\": not a dictionary".into()
        }),
        ("<key>Products</key>", "<key>Product</key>", "catalog: Products is \"\": missing".into()),
        (
            "<integer>2</integer>",
            "<string>2</string>",
            "catalog: CatalogVersion is \"2\": not a whole number".into(),
        ),
    ] {
        let broken = GOOD.replacen(from, to, 1);
        assert_ne!(broken, GOOD, "{from}");
        assert_eq!(Catalog::parse(broken.as_bytes()).unwrap_err().to_string(), told);
    }
    let error = Catalog::parse(b"<plist><array/></plist>").unwrap_err().to_string();
    assert_eq!(error, "catalog: contents is \"an array\": not a dictionary");
    let error = Catalog::parse(b"<!DOCTYPE html><html></html>").unwrap_err().to_string();
    assert!(error.starts_with("property list: the decoder's complaint is "), "{error}");
    assert!(Catalog::parse(b"").is_err());
}

#[test]
fn a_digest_of_another_form_is_refused_when_it_is_wanted() {
    let broken = GOOD.replace("6FA299f4", "6FA299");
    let catalog = Catalog::parse(broken.as_bytes()).unwrap();
    let package = &catalog.products[0].packages[0];
    assert_eq!(
        package.sha1().unwrap_err().to_string(),
        "http://h/content/a/ServerEssentials.pkg: package: Digest is \
         \"6FA299d56b33a669a575f1a2410730c5694cfb\": not 40 hexadecimal digits"
    );
}

#[test]
fn a_product_given_twice_is_told() {
    let twice = GOOD.replace("<key>bare</key><dict/>", "<key>b</key><dict/><key>b</key><dict/>");
    let catalog = Catalog::parse(twice.as_bytes()).unwrap();
    assert_eq!((catalog.products.len(), catalog.repeated), (2, vec!["b".to_owned()]));
}

fn findings(text: &str) -> Vec<String> {
    let catalog = Catalog::parse(text.as_bytes()).unwrap();
    let all = check(&catalog).into_iter();
    all.map(|it| format!("{:?} {} {it}", it.level, it.kind).to_lowercase()).collect()
}

#[test]
fn a_good_product_has_only_its_notes() {
    let good = GOOD.replace("<key>bare</key><dict/>", "");
    assert_eq!(
        findings(&good),
        [
            "note key the catalog has the key \"new\", which is not known",
            "note key 11g63_serveressentials: the package serveressentials.pkg has the key \
             \"more\", which is not known",
            "note key 11g63_serveressentials: the product has the key \"other\", which is not known",
            "note subfolder 11g63_serveressentials: 2 files lie in the subfolder x.dst: an \
             update server says \"possible security violation\" until the folder is there",
            "note record 11g63_serveressentials: serveressentials.pkg has 5 bytes; on record are \
             220615037",
        ]
    );
}

#[test]
fn everything_odd_is_found() {
    let odd = |from: &str, to: &str| {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let before = findings(GOOD);
        let new: Vec<_> = findings(&text).into_iter().filter(|it| !before.contains(it)).collect();
        new.join("; ")
    };
    let before = findings(GOOD);
    for told in [
        "fault no-packages bare: it has no packages: no longer available, and no replacement",
        "fault no-distributions bare: it has no distributions: nothing says how to install it",
        "note no-version bare: it has no servermetadataurl: update servers say \"missing version \
         string\"",
        "note no-date bare: postdate is missing",
    ] {
        assert!(before.iter().any(|it| it == told), "{told}\n{before:#?}");
    }
    let product = "11g63_serveressentials";
    assert_eq!(
        odd("<integer>2</integer>", "<integer>3</integer>"),
        "note version catalogversion is 3, not 2"
    );
    assert_eq!(
        odd("<string>ramped</string>", "<string>gone</string>"),
        format!("note state {product}: its state is \"gone\", which is not known")
    );
    assert_eq!(
        odd("<key>ja</key>", "<key>2</key>"),
        format!("note language {product}: a distribution has the language \"2\"")
    );
    assert_eq!(
        odd("<integer>5</integer>", "<integer>0</integer>"),
        format!(
            "fault size {product}: serveressentials.pkg has no bytes; note record {product}: \
             serveressentials.pkg has 0 bytes; on record are 220615037"
        )
    );
    assert_eq!(
        odd("6FA299f4", "6FA2"),
        format!(
            "fault digest {product}: the digest of serveressentials.pkg is \
             \"6fa2d56b33a669a575f1a2410730c5694cfb\": not 40 hexadecimal digits"
        )
    );
    assert_eq!(
        odd("<key>Digest</key><string>6FA299f4d56b33a669a575f1a2410730c5694cfb</string>", ""),
        "note http held by size and signature alone, as they come by http and without a digest: 1 \
         of 1 packages"
    );
    assert_eq!(
        odd("http://h/content/a/ServerEssentials.smd", "http://h/../a"),
        format!(
            "fault url {product}: servermetadataurl: url: path is \"http://h/../a\": it has a part \
             `.` or `..`"
        )
    );
    assert_eq!(
        odd("https://h/content/a/x.dst/x.ja.dist", "https://h/content/a/x.dst/X.en.dist"),
        format!(
            "fault clash {product}: content/a/x.dst/x.en.dist and content/a/x.dst/x.en.dist of \
             itself differ only in case"
        )
    );
    assert_eq!(
        odd("https://h/content/a/x.dst/x.ja.dist", "http://h/content/a/x.dst/x.en.dist"),
        format!(
            "fault clash {product}: content/a/x.dst/x.en.dist is named by itself on another host"
        )
    );
    assert_eq!(
        odd("https://h/content/a/x.dst/x.ja.dist", "https://h/content/a/x.dst/x.en.dist"),
        format!("note shared {product}: content/a/x.dst/x.en.dist is named by itself, too")
    );
    assert_eq!(
        odd("http://h/content/a/ServerEssentials.smd", "http://h/content/a/x.dst"),
        format!("fault clash {product}: content/a/x.dst is a file here and a folder elsewhere")
    );
    assert_eq!(
        odd("http://h/content/a/ServerEssentials.smd", "http://h/content/b/ServerEssentials.smd"),
        format!("note folder {product}: 1 file lies elsewhere: in content/b")
    );
    let third = "<key>fr</key><string>https://h/content/a/x.dst/x.fr.dist</string>";
    let odd = GOOD.replace("https://h/content/a/x.dst/x.ja", "http://h/content/a/x.dst/x.ja");
    let odd = odd.replace("<key>ja</key>", &format!("{third}<key>ja</key>"));
    let told = format!(
        "note downgrade {product}: distributions is by http, where most are by https: \
         http://h/content/a/x.dst/x.ja.dist"
    );
    assert!(findings(&odd).contains(&told), "{:#?}", findings(&odd));
    let empty = "<plist><dict><key>Products</key><dict/></dict></plist>";
    assert_eq!(
        findings(empty),
        [
            "note version catalogversion is missing",
            "note date indexdate is missing",
            "fault empty there are no products"
        ]
    );
}
