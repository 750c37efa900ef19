#[derive(clap::Args)]
pub struct Show {}
impl Show { pub fn go(&self) -> Result<u8, super::stop::Stop> { Ok(0) } }
