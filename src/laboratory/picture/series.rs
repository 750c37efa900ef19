//! Values under one name.

/// Values under one name, such as all makespans of a strategy.
///
/// ```
/// use polity::laboratory::picture::Series;
/// assert_eq!(Series::new("market", [1.0, 2.0]).values.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Whose they are.
    pub name: String,
    /// The values, in any order.
    pub values: Vec<f64>,
}
impl Series {
    /// Values under a name.
    pub fn new(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Series {
        Series { name: name.into(), values: values.into_iter().collect() }
    }
}
