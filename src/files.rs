//! Reading what a user names: never more than a limit, whatever it is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The bytes of a file, at most so many. A device has no end, and a file may be larger than anybody meant.
///
/// # Errors
/// Those of the system; and one that says the limit, if there is more.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {most} bytes, which is the limit")));
    }
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_read_to_the_limit_and_no_further() {
        assert!(read(Path::new("/dev/zero"), 1 << 16).unwrap_err().to_string().contains("more than 65536 bytes"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 100]).unwrap();
        assert_eq!(read(file.path(), 100).unwrap(), [7; 100]);
        assert!(read(file.path(), 99).is_err());
    }
}
