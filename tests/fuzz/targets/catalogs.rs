//! Software update catalogs, and what is made of them.

use crate::targets::script::Script;
use lionize::source::catalog::{Base, Catalog, check, layout, matching};
use lionize::source::sample::catalog::{Offer, catalog as sample};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static SEED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let offers = [
        Offer::new("11D50_ServerEssentials", "ServerEssentials.pkg", 1_000).posted("2012-02-01"),
        Offer::new("11D50b_ServerEssentials", "ServerEssentials.pkg", 2_000).posted("2012-03-01"),
        Offer::new("041-0001", "Update.pkg", 9).and("Other.pkg", 7).in_subfolder(),
    ];
    let catalog = sample("http://127.0.0.1:8080", &offers).expect("plain names");
    catalog.to_bytes().expect("a property list")
});

/// Edits a catalog; what can be read is checked, matched, laid out and written
/// again, and then it is the same.
pub(super) fn catalog(data: &[u8]) {
    let mut script = Script::new(data);
    let bytes = if script.byte() & 1 == 1 {
        script.rest().to_vec()
    } else {
        let mut bytes = SEED.clone();
        let hot = 0..bytes.len();
        script.edit(&mut bytes, std::slice::from_ref(&hot));
        bytes
    };
    let Ok(catalog) = Catalog::parse(&bytes) else { return };
    for finding in check::check(&catalog) {
        drop(finding.to_string());
    }
    for build in ["11D50", "11D50d", "11G63"] {
        drop(matching::nearest(&catalog, "ServerEssentials", build));
    }
    for product in &catalog.products {
        for file in layout::files(product).unwrap_or_default() {
            let path = file.location.path();
            let out = path.split('/').any(|name| name == ".." || name.contains('\0'));
            assert!(!out, "{path:?} leads out of a mirror");
        }
        drop(layout::folders(product));
    }
    let base = Base::parse("http://localhost").expect("a plain address");
    let ids: BTreeSet<_> = catalog.products.iter().map(|product| product.id.as_str()).collect();
    drop(layout::rewritten(&catalog, &ids, Some(&base)));
    if let Ok(written) = catalog.to_bytes() {
        Catalog::parse(&written).expect("what was written can be read again");
    }
}
