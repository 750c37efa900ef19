#[derive(clap::Args)]
pub struct Schema {}
impl Schema { pub fn go(&self) -> Result<u8, super::stop::Stop> { Ok(0) } }
