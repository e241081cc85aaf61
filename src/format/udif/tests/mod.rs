//! Whole images: written by us, taken apart and put together in other ways.

mod hostile;
mod reading;
mod sample;
mod variants;
