pub(crate) mod escape;
mod look;
mod properties;
mod sample;
