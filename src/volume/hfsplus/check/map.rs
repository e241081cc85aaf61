//! Which nodes of a B-tree are in use.

/// A bit for each node.
pub(super) struct NodeMap {
    bits: Vec<u8>,
}

impl NodeMap {
    pub(super) fn new(nodes: u32) -> Self {
        Self { bits: vec![0; (nodes as usize).div_ceil(8)] }
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

    /// The first node that a stored map marks otherwise; bits behind the last
    /// node must be clear.
    pub(super) fn differs(&self, stored: &[u8]) -> Option<u32> {
        let ours = |byte: usize| self.bits.get(byte).copied().unwrap_or(0);
        let (byte, wrong) = (0..stored.len())
            .map(|byte| (byte, stored[byte] ^ ours(byte)))
            .find(|(_, wrong)| *wrong != 0)?;
        Some(u32::try_from(byte).ok()? * 8 + wrong.leading_zeros())
    }
}
