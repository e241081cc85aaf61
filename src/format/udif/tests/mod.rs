//! Whole images: written by us, taken apart and put together in other ways.

mod codecs;
mod hostile;
mod reading;
mod sample;
mod variants;
