//! How a reader builds a tree: all nodes first, in any order, then who is in
//! which folder; whatever is in none then is removed.

use crate::volume::tree::{Body, Node, NodeId, Place, Tree, TreeError};
use crate::volume::{Meta, Name};

/// Deeper trees are refused: others walk them by recursion.
const MAX_DEPTH: usize = 4096;

/// Why a tree cannot be what a reader has put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tangle {
    /// A folder is below itself.
    Circle(NodeId),
    /// A folder is too deep below the root.
    Deep(NodeId),
}

/// A step of a walk without recursion.
enum Step {
    Enter(NodeId),
    Leave(NodeId),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    No,
    Above,
    Done,
}

impl Tree {
    /// Makes room for so many nodes.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve_exact(nodes);
    }

    /// Adds a node that is in no folder yet.
    pub(crate) fn add_loose(
        &mut self,
        name: Name,
        meta: Meta,
        body: Body,
    ) -> Result<NodeId, TreeError> {
        self.push(Node { name, place: Place::Gone, meta, body, xattrs: Vec::new() })
    }

    /// Puts a loose node into a folder.
    ///
    /// # Errors
    /// `NotDir`, `Exists`.
    pub(crate) fn attach(&mut self, dir: NodeId, id: NodeId) -> Result<(), TreeError> {
        let name = std::mem::take(&mut self.nodes[id.index()].name);
        let at = self.place_for(dir, &name);
        let node = &mut self.nodes[id.index()];
        (node.name, node.place) = (name, Place::In(dir));
        self.insert(dir, at?, id);
        Ok(())
    }

    /// Makes a file that stands in a folder a hard link to a loose node or inode.
    pub(crate) fn link(&mut self, link: NodeId, inode: NodeId) {
        self.nodes[link.index()].body = Body::Link(inode);
        match &mut self.nodes[inode.index()].place {
            Place::Inode(links) => links.push(link),
            place => *place = Place::Inode(vec![link]),
        }
    }

    /// Removes what cannot be reached from the root.
    ///
    /// # Errors
    /// A folder that is below itself, or too deep.
    pub(crate) fn settle(&mut self) -> Result<(), Tangle> {
        let mut seen = vec![Seen::No; self.nodes.len()];
        self.mark(self.root(), &mut seen)?;
        let mut reached = seen.clone();
        let loose = |node: &Node| matches!(node.place, Place::Gone);
        for (index, node) in (0..).zip(&self.nodes) {
            if loose(node) && seen[index as usize] == Seen::No {
                self.mark(NodeId(index), &mut seen)?;
            }
        }
        // Neither below the root nor below what was left out: below itself.
        let circle = seen.iter().zip(0..).find(|(seen, _)| **seen == Seen::No);
        if let Some((_, index)) = circle {
            return Err(Tangle::Circle(NodeId(index)));
        }
        reached[self.root().index()] = Seen::Done;
        self.keep(&reached);
        Ok(())
    }

    /// Marks all that is below a node.
    fn mark(&self, top: NodeId, seen: &mut [Seen]) -> Result<(), Tangle> {
        let mut steps = vec![Step::Enter(top)];
        let mut depth = 0;
        while let Some(step) = steps.pop() {
            match step {
                Step::Leave(id) => {
                    seen[id.index()] = Seen::Done;
                    depth -= 1;
                }
                Step::Enter(id) => match seen[id.index()] {
                    Seen::Above => return Err(Tangle::Circle(id)),
                    Seen::Done => {}
                    Seen::No if depth == MAX_DEPTH => return Err(Tangle::Deep(id)),
                    Seen::No => {
                        seen[id.index()] = Seen::Above;
                        depth += 1;
                        steps.push(Step::Leave(id));
                        match &self.node(id).body {
                            Body::Dir(children) => {
                                steps.extend(children.iter().map(|id| Step::Enter(*id)));
                            }
                            Body::Link(inode) => steps.push(Step::Enter(*inode)),
                            Body::File { .. } => {}
                        }
                    }
                },
            }
        }
        Ok(())
    }

    fn keep(&mut self, reached: &[Seen]) {
        for (node, seen) in self.nodes.iter_mut().zip(reached) {
            if *seen == Seen::No {
                (node.place, node.body) = (Place::Gone, Body::Dir(Vec::new()));
                node.xattrs = Vec::new();
            }
            if let Place::Inode(links) = &mut node.place {
                links.retain(|link| reached[link.index()] != Seen::No);
            }
            if let Body::Dir(children) = &mut node.body {
                children.shrink_to_fit();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Case;

    fn dir(tree: &mut Tree, name: &str) -> NodeId {
        let body = Body::Dir(Vec::new());
        tree.add_loose(Name::from_text(name), Meta::default(), body).unwrap()
    }

    #[test]
    fn what_is_in_no_folder_goes() {
        let mut tree = Tree::new(Name::from_text("V"), Case::Folded, 1);
        let (a, b, c) = (dir(&mut tree, "a"), dir(&mut tree, "b"), dir(&mut tree, "c"));
        tree.attach(tree.root(), a).unwrap();
        tree.attach(b, c).unwrap();
        tree.settle().unwrap();
        assert_eq!(tree.ids().collect::<Vec<_>>(), [tree.root(), a]);
        let again = dir(&mut tree, "A");
        assert_eq!(tree.attach(tree.root(), again), Err(TreeError::Exists(Name::from_text("A"))));
    }

    #[test]
    fn circles_are_found() {
        let mut tree = Tree::new(Name::from_text("V"), Case::Folded, 1);
        let (a, b) = (dir(&mut tree, "a"), dir(&mut tree, "b"));
        tree.attach(a, b).unwrap();
        tree.attach(b, a).unwrap();
        assert!(matches!(tree.settle(), Err(Tangle::Circle(_))));

        let mut tree = Tree::new(Name::from_text("V"), Case::Folded, 1);
        let (link, inode) = (dir(&mut tree, "link"), dir(&mut tree, ""));
        let first = dir(&mut tree, "first");
        tree.attach(tree.root(), first).unwrap();
        tree.attach(inode, link).unwrap();
        tree.link(first, inode);
        tree.link(link, inode);
        assert_eq!(tree.settle(), Err(Tangle::Circle(inode)));
    }

    #[test]
    fn depth_has_a_bound() {
        let mut tree = Tree::new(Name::from_text("V"), Case::Folded, 1);
        let mut at = tree.root();
        for _ in 0..MAX_DEPTH {
            let next = dir(&mut tree, "d");
            tree.attach(at, next).unwrap();
            at = next;
        }
        assert!(matches!(tree.settle(), Err(Tangle::Deep(_))));
    }
}
