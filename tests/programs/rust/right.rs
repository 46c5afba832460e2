//! Prints the sum of the numbers it reads.

use std::io::Read;

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let sum: i64 = text.split_whitespace().filter_map(|word| word.parse::<i64>().ok()).sum();
    println!("{sum}");
    Ok(())
}
