//! Journals made here.
