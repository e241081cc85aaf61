//! Which nodes of a B-tree are in use.

/// A bit for each node.
pub(super) struct NodeMap {
    bits: Vec<u8>,
    nodes: u32,
}

impl NodeMap {
    pub(super) fn new(nodes: u32) -> Self {
        Self { bits: vec![0; (nodes as usize).div_ceil(8)], nodes }
    }

    /// Marks a node; false when it was marked already.
    pub(super) fn take(&mut self, node: u32) -> bool {
        let (byte, bit) = (node as usize / 8, 0x80 >> (node % 8));
        let free = self.bits[byte] & bit == 0;
        self.bits[byte] |= bit;
        free
    }

    pub(super) fn is_taken(&self, node: u32) -> bool {
        self.bits[node as usize / 8] & (0x80 >> (node % 8)) != 0
    }

    pub(super) fn used(&self) -> u64 {
        self.bits.iter().map(|byte| u64::from(byte.count_ones())).sum()
    }

    /// The first node that a stored map marks otherwise.
    pub(super) fn differs(&self, stored: &[u8]) -> Option<u32> {
        let byte = self.bits.iter().zip(stored).position(|(ours, theirs)| ours != theirs)?;
        let first = u32::try_from(byte).ok()? * 8;
        let differ = |node: &u32| {
            let stored = stored[byte] & (0x80 >> (node % 8)) != 0;
            stored != self.is_taken(*node)
        };
        (first..(first + 8).min(self.nodes)).find(differ)
    }
}
