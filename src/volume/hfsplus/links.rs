//! Hard links: which inode they lead to, and in which order.
//!
//! Facts: TN1150, "Hard Links"; hfs_format.h for link chains and for links to
//! folders. A link is a file in a folder; what it leads to is in one of two
//! hidden folders, named by a number that the link holds.

use crate::block::{Error, Result};
use crate::volume::hfsplus::catalog::LinkKind;
use crate::volume::tree::NodeId;
use std::collections::HashMap;

/// The hidden folder of what file links lead to.
pub(crate) const FILES: &str = "\0\0\0\0HFS+ Private Data";
/// The hidden folder of what folder links lead to.
pub(crate) const FOLDERS: &str = ".HFS+ Private Directory Data\r";
/// The attribute of a linked folder that names its first link.
pub(crate) const FIRST_LINK: &str = "com.apple.system.hfs.firstlink";

/// A file that may be a hard link.
pub(crate) struct Candidate {
    pub(crate) node: NodeId,
    pub(crate) kind: LinkKind,
    /// `iNodeNum`.
    pub(crate) number: u32,
    /// Its date is one that marks links.
    pub(crate) is_dated: bool,
    pub(crate) id: u32,
    /// The next link in the chain.
    pub(crate) next: u32,
}

/// What links can lead to.
pub(crate) struct Inode {
    pub(crate) node: NodeId,
    /// The first link's id; 0 where there is no chain.
    pub(crate) first: u32,
}

/// Inodes by kind and number.
pub(crate) type Inodes = HashMap<(LinkKind, u32), Inode>;

/// The number in an inode's name, such as `iNode23` or `dir_23`.
pub(crate) fn number(kind: LinkKind, name: &[u16]) -> Option<u32> {
    let text = String::from_utf16(name).ok()?;
    let digits = text.strip_prefix(match kind {
        LinkKind::File => "iNode",
        LinkKind::Folder => "dir_",
    })?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_plain)
}

/// Which node leads to which, in order of each inode's links.
///
/// # Errors
/// `Corrupt` for a link whose inode does not exist.
pub(crate) fn resolve(links: Vec<Candidate>, inodes: &Inodes) -> Result<Vec<(NodeId, NodeId)>> {
    let mut of: HashMap<(LinkKind, u32), Vec<Candidate>> = HashMap::new();
    let mut order = Vec::new();
    for link in links {
        let key = (link.kind, link.number);
        if !inodes.contains_key(&key) {
            if link.is_dated {
                let rule = "no file of this number is in the hidden folder";
                return Err(Error::corrupt("hard link", "iNodeNum", link.number, rule));
            }
            continue;
        }
        let group = of.entry(key).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(link);
    }
    let mut resolved = Vec::new();
    for key in order {
        let (inode, group) = (&inodes[&key], &of[&key]);
        let chained = chain(inode.first, group);
        let group = chained.unwrap_or_else(|| group.iter().collect());
        resolved.extend(group.iter().map(|link| (link.node, inode.node)));
    }
    Ok(resolved)
}

/// The links in their chain's order, if it leads through all of them.
fn chain(first: u32, group: &[Candidate]) -> Option<Vec<&Candidate>> {
    let by_id: HashMap<u32, &Candidate> = group.iter().map(|link| (link.id, link)).collect();
    let mut chain = Vec::with_capacity(group.len());
    let mut at = first;
    while at != 0 && chain.len() < group.len() {
        let link = by_id.get(&at)?;
        chain.push(*link);
        at = link.next;
    }
    (at == 0 && chain.len() == group.len()).then_some(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::said;
    use crate::volume::{Body, Case, Meta, Name, Tree};

    /// Nodes to tell apart.
    fn nodes(count: usize) -> Vec<NodeId> {
        let mut tree = Tree::new(Name::default(), Case::Folded, 0);
        let body = || Body::Dir(Vec::new());
        (0..count).map(|_| tree.add_inode(Meta::default(), body()).unwrap()).collect()
    }

    fn link(node: NodeId, id: u32, next: u32) -> Candidate {
        Candidate { node, kind: LinkKind::File, number: 7, is_dated: true, id, next }
    }

    /// The order of three links with these successors, begun by `first`.
    fn order(first: u32, next: [u32; 3]) -> Vec<usize> {
        let nodes = nodes(4);
        let inodes = Inodes::from([((LinkKind::File, 7), Inode { node: nodes[3], first })]);
        let links = (0..3).map(|i| link(nodes[i], 20 + u32::try_from(i).unwrap(), next[i]));
        let resolved = resolve(links.collect(), &inodes).unwrap();
        assert!(resolved.iter().all(|(_, inode)| *inode == nodes[3]));
        resolved.iter().map(|(link, _)| nodes.iter().position(|n| n == link).unwrap()).collect()
    }

    #[test]
    fn links_are_in_their_chains_order() {
        assert_eq!(order(21, [0, 22, 20]), [1, 2, 0]);
        assert_eq!(order(0, [0, 0, 0]), [0, 1, 2], "no chain");
        assert_eq!(order(20, [21, 0, 0]), [0, 1, 2], "a chain that ends early");
        assert_eq!(order(20, [21, 20, 0]), [0, 1, 2], "a circle");
        assert_eq!(order(21, [99, 22, 20]), [0, 1, 2], "a chain that leads elsewhere");
    }

    #[test]
    fn a_link_to_nothing_is_broken_if_it_is_one() {
        let node = nodes(1)[0];
        let text = "hard link: iNodeNum is 7: no file of this number is in the hidden folder";
        assert_eq!(said(resolve(vec![link(node, 20, 0)], &Inodes::new())), text);
        let file = Candidate { is_dated: false, ..link(node, 20, 0) };
        assert!(resolve(vec![file], &Inodes::new()).unwrap().is_empty());
    }

    #[test]
    fn inodes_have_plain_numbers() {
        let number = |text: &str| {
            let units: Vec<u16> = text.encode_utf16().collect();
            (number(LinkKind::File, &units), number(LinkKind::Folder, &units))
        };
        assert_eq!(number("iNode23"), (Some(23), None));
        assert_eq!(number("dir_23"), (None, Some(23)));
        for other in ["iNode", "iNode023", "iNode+1", "iNode4294967296", "temp23", "iNode\u{ff11}"]
        {
            assert_eq!(number(other), (None, None), "{other}");
        }
    }
}
