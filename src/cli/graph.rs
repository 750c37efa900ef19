#[derive(clap::Args)]
pub struct Graph {}
impl Graph { pub fn go(&self) -> Result<u8, super::stop::Stop> { Ok(0) } }
