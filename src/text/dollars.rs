//! Amounts of money as people read them.

/// Dollars and cents; of less than a cent as much as tells it from nothing.
pub fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.0001 {
        "<$0.0001".to_owned()
    } else if amount > 0.0 && amount < 0.01 {
        format!("${amount:.4}")
    } else {
        format!("${amount:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_amounts_are_not_nothing() {
        let shown = [0.0, 0.000_001, 0.000_4, 0.001_914, 0.01, 0.5, 12.345].map(dollars);
        assert_eq!(shown, ["$0.00", "<$0.0001", "$0.0004", "$0.0019", "$0.01", "$0.50", "$12.35"]);
    }
}
