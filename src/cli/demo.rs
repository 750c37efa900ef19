#[derive(clap::Args)]
pub struct Demo {}
impl Demo { pub fn go(&self) -> Result<u8, super::stop::Stop> { Ok(0) } }
