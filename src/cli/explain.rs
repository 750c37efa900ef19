#[derive(clap::Args)]
pub struct Explain {}
impl Explain { pub fn go(&self) -> Result<u8, super::stop::Stop> { Ok(0) } }
