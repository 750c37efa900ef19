#[derive(clap::Args)]
pub struct Agents {}
impl Agents { pub fn go(&self) -> Result<u8, super::stop::Stop> { Ok(0) } }
