//! `polity config`: the settings that hold here.

use super::load::Settings;
use super::output;
use super::stop::Stop;
use serde_json::Value;

/// Show the settings that were given, and with --origin by whom
#[derive(clap::Args)]
pub struct Config {
    #[command(flatten)]
    settings: Settings,
    /// Say where each value came from: a file, a variable, a flag
    #[arg(long)]
    origin: bool,
}

impl Config {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = self.settings.config()?;
        let mut rows: Vec<(String, String, String)> =
            config.values().map(|(key, value, origin)| (key.to_owned(), text(value), origin.to_string())).collect();
        let defaults = [("strategy", super::load::STRATEGY.to_owned()), ("runs", config.runs().display().to_string())];
        for (key, value) in defaults {
            if !rows.iter().any(|(given, ..)| given == key) {
                rows.push((key.into(), value, config.origin(key).to_string()));
            }
        }
        rows.sort();
        let mut table = output::table(if self.origin { &["setting", "value", "origin"] } else { &["setting", "value"] });
        for (key, value, origin) in rows {
            let mut row = vec![key, output::plain(&value)];
            row.extend(self.origin.then_some(origin));
            table.add_row(row);
        }
        output::print(&table.trim_fmt())?;
        Ok(0)
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
