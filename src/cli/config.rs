#[derive(clap::Args)]
pub struct Config {}
impl Config { pub fn go(&self) -> Result<u8, super::stop::Stop> { Ok(0) } }
